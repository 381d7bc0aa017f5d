// Pyodide's scripts, as xtask/js/bundle.js resolves them.

declare module "#pyodide" {
  export function loadPyodide(options: object): Promise<import("./pyodide.js").Pyodide>;
}

declare module "#pyodide_module" {
  const create: import("./pyodide.js").Create;
  export default create;
}
