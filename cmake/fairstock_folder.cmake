# fairstock_folder(NAME [PUBLIC lib…] [PRIVATE lib…]): one static library from every .c file of the current folder.
# Includes are written from the top ("base/err.h", "usb/usb_hid.h"), so a reader always sees the folder.
function(fairstock_folder name)
  cmake_parse_arguments(F "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  if(NOT sources)
    return()
  endif()
  add_library(fs_${name} STATIC ${sources})
  target_include_directories(fs_${name} PUBLIC ${CMAKE_SOURCE_DIR}/agent ${CMAKE_SOURCE_DIR}/drivers)
  target_link_libraries(fs_${name} PUBLIC ${F_PUBLIC} PRIVATE ${F_PRIVATE})
  if(FAIRSTOCK_COVERAGE AND name IN_LIST FAIRSTOCK_CORE)
    fairstock_count_branches(fs_${name})
  endif()
endfunction()

# With -DFAIRSTOCK_COVERAGE=ON the branches of these folders are counted, as they are written: without optimisation.
set(FAIRSTOCK_CORE domain store intake sync)
function(fairstock_count_branches target)
  target_compile_options(${target} PRIVATE -O0 --coverage -fprofile-abs-path -fprofile-update=atomic)
  target_link_options(${target} PUBLIC --coverage)
endfunction()
