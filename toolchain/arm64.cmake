# Cross build for 64-bit ARM (Raspberry Pi 3, 4, 5, Zero 2 W) with Debian's compiler and an unpacked sysroot:
#   toolchain/sysroot arm64 DIR && cmake --toolchain toolchain/arm64.cmake -DFAIRSTOCK_SYSROOT=DIR …
# Tests run under qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FAIRSTOCK_SYSROOT)
if(NOT IS_DIRECTORY "${FAIRSTOCK_SYSROOT}/usr/include")
  message(FATAL_ERROR "FAIRSTOCK_SYSROOT: '${FAIRSTOCK_SYSROOT}' holds no sysroot; make one with toolchain/sysroot arm64 DIR")
endif()

set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_SYSROOT ${FAIRSTOCK_SYSROOT})
set(CMAKE_C_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${FAIRSTOCK_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${FAIRSTOCK_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${FAIRSTOCK_SYSROOT}/usr/share/pkgconfig)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static;-L;${FAIRSTOCK_SYSROOT})
