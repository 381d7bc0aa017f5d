// What `#wasgi_core` is until `cargo xtask build` has written the wasm module's own types:
// anything. TypeScript looks at a pattern only when it finds no file.
declare module "#wasgi_*";
