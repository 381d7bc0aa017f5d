// What of the interpreter C code may link to: extension modules when they are loaded, and ctypes.
// It is CPython's C API and the C library. Emscripten's and Pyodide's own functions call
// JavaScript, some with objects, and are nobody else's affair.

/** CPython's C API, but for what it has for Emscripten and what Pyodide has called alike. */
const API = /^_?Py(?!EM|_emscripten|_Emscripten|_CheckEmscripten|odide|roxy)(?:[A-Z_]|\d*[a-z]*_)/;

/** Families of the C library, of compilers' runtimes and of libffi. */
const FAMILIES = [
  /^(mem|str|stp|wcs|wmem|wcr|mbs?r?to|mbrlen|mbsinit|is[aw]?[a-z]+$|to[uw]?(?:lower|upper))/,
  /^(pthread|sem|sched)_[a-z_]+$/,
  /^(__cxa_|_Unwind_|__gxx_personality|_Z)/,
  /^__[a-z]+[dstx]f[23]?$|^__(float|fix)[a-z]+$|^__[a-z]+ti[34]$/,
  /^ffi_(?!tramp|.*_js$)/,
  /^(clock|time|gmtime|localtime|mktime|asctime|ctime|nano|gettimeofday|difftime)/,
  /^v?(f|s|sn|as|d|o)?(f|i)?(printf|scanf)$/,
];

/** Single functions and variables. */
const NAMES = new Set(
  `memory __indirect_function_table __stack_pointer __memory_base __table_base __cpp_exception
  __c_longjmp __wasm_longjmp __wasm_setjmp __wasm_setjmp_test malloc calloc realloc free
  posix_memalign aligned_alloc malloc_usable_size reallocarray abort exit _exit atexit qsort
  bsearch rand srand random srandom rand_r drand48 abs labs llabs div ldiv atoi atol atoll atof
  getenv setenv unsetenv putenv environ __environ __errno_location errno stdin stdout stderr fopen
  freopen fdopen fclose fread fwrite fflush fseek fseeko ftell ftello rewind fgetc fgets fputc
  fputs getc getchar putc putchar puts ungetc feof ferror clearerr fileno perror setvbuf setbuf
  tmpfile remove rename flockfile funlockfile getline getdelim open openat close read write readv
  writev pread pwrite lseek ftruncate truncate unlink access stat fstat lstat mkdir rmdir opendir
  readdir closedir getcwd chdir dup dup2 isatty mmap munmap msync getpid getppid getuid geteuid
  getgid getegid getpagesize sysconf uname sleep usleep getentropy getrandom arc4random sigaction
  sigemptyset sigaddset signal raise setjmp longjmp setlocale localeconv nl_langinfo newlocale
  freelocale uselocale iconv iconv_open iconv_close dlopen dlsym dlerror dlclose __assert_fail
  btowc wctob acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2
  expm1 fabs fdim floor fma fmax fmin fmod frexp hypot ilogb ldexp lgamma lgamma_r llrint llround
  log log10 log1p log2 logb lrint lround modf nan nearbyint nextafter pow remainder remquo rint
  round scalbln scalbn sin sincos sinh sqrt tan tanh tgamma trunc acosf asinf atanf atan2f cbrtf
  ceilf copysignf cosf coshf expf exp2f expm1f fabsf floorf fmaf fmaxf fminf fmodf frexpf hypotf
  ldexpf logf log10f log1pf log2f modff powf rintf roundf sinf sinhf sqrtf tanf tanhf truncf
  adler32 crc32 compress uncompress deflate deflateInit_ deflateInit2_ deflateEnd inflate
  inflateInit_
  inflateInit2_ inflateEnd zlibVersion`.split(/\s+/),
);

/**
 * @param {string} name of a function or variable
 * @returns {boolean} whether C code that is not the interpreter's own may link to it
 */
export function isLinkable(name) {
  return NAMES.has(name) || API.test(name) || FAMILIES.some((family) => family.test(name));
}

/**
 * Closes the interpreter's names to those who link from now on.
 * @param {import("./pyodide.js").Module} module
 */
export function closeLinking(module) {
  // What libraries have beside them is for them to say.
  const own = new Set(Object.keys(module.LDSO.loadedLibsByHandle[0].exports));
  // See xtask/src/build/glue.rs.
  module.mayLink = (name) => !own.has(name) || isLinkable(name);
}
