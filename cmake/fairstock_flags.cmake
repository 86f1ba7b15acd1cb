# Compiler and linker flags for every target of the tree (docs/decisions/0002-language-and-flags.md).
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Every program of the tree in one place: BUILD/bin/fairstockd, BUILD/bin/fairstock, BUILD/bin/test_…
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

add_compile_definitions(_GNU_SOURCE FAIRSTOCK_VERSION="${PROJECT_VERSION}")
add_compile_options(
  -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wcast-qual -Wstrict-prototypes
  -Wmissing-prototypes -Wvla -Walloca -Wformat=2 -Wundef -Wpointer-arith -Wwrite-strings
  -fstack-protector-strong -fPIE -ffunction-sections -fdata-sections)
add_link_options(-pie -Wl,-z,relro,-z,now,--gc-sections,--as-needed)

if(FAIRSTOCK_WERROR)
  add_compile_options(-Werror)
endif()
if(FAIRSTOCK_SANITIZE)
  add_compile_options(-fsanitize=${FAIRSTOCK_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FAIRSTOCK_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
if(CMAKE_C_COMPILER_ID STREQUAL "Clang" AND FAIRSTOCK_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
