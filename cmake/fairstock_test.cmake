# How tests are registered. Every test has a label, a time limit, exit code 77 for "skipped" and strict sanitizers.
#
# fairstock_test(NAME n LABEL l [TIMEOUT seconds] [ENVIRONMENT A=B…] [RUN_SERIAL] COMMAND program args…)
# A skipped test prints a line "SKIP: why" before it exits with 77; toolchain/test repeats these lines at the end.
option(FAIRSTOCK_LONG "Long test campaigns: more seeds, kills, fuzzing (toolchain/test --long)" OFF)

function(fairstock_test)
  cmake_parse_arguments(T "RUN_SERIAL" "NAME;LABEL;TIMEOUT" "ENVIRONMENT;COMMAND" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 60)
  endif()
  if(FAIRSTOCK_LONG) # campaigns read FAIRSTOCK_LONG=1 and do more
    math(EXPR T_TIMEOUT "${T_TIMEOUT} * 30")
    list(APPEND T_ENVIRONMENT FAIRSTOCK_LONG=1)
  endif()
  add_test(NAME ${T_NAME} COMMAND ${T_COMMAND})
  # verify_asan_link_order: umockdev is preloaded before the sanitizer's runtime.
  set_tests_properties(${T_NAME} PROPERTIES
    LABELS ${T_LABEL} TIMEOUT ${T_TIMEOUT} SKIP_RETURN_CODE 77 RUN_SERIAL "${T_RUN_SERIAL}"
    ENVIRONMENT "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:verify_asan_link_order=0;UBSAN_OPTIONS=print_stacktrace=1;FAIRSTOCK_SOURCE=${CMAKE_SOURCE_DIR};FAIRSTOCK_BUILD=${CMAKE_BINARY_DIR};${T_ENVIRONMENT}")
endfunction()

# The names after "// link:" in a C file, as library targets, in `out`; the ones that do not exist in `missing`.
function(fairstock_declared_links file out missing)
  file(STRINGS ${file} lines REGEX "^// link:" LIMIT_COUNT 4)
  set(targets)
  set(absent)
  foreach(line ${lines})
    string(REGEX REPLACE "^// link:[ ]*" "" names "${line}")
    string(REGEX MATCHALL "[a-z_]+" names "${names}")
    foreach(name ${names})
      if(TARGET fs_${name})
        list(APPEND targets fs_${name})
      else()
        list(APPEND absent ${name})
      endif()
    endforeach()
  endforeach()
  set(${out} ${targets} PARENT_SCOPE)
  set(${missing} ${absent} PARENT_SCOPE)
endfunction()
