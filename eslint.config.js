import js from "@eslint/js";
import jsdoc from "eslint-plugin-jsdoc";
import globals from "globals";

export default [
  { ignores: ["dist/", "target/", "node_modules/", "fuzz/"] },
  js.configs.recommended,
  {
    plugins: { jsdoc },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-console": "error",
      // What cannot be broken is exempt. Comments are not.
      "max-len": [
        "error",
        {
          code: 100,
          ignoreStrings: true,
          ignoreTemplateLiterals: true,
          ignoreRegExpLiterals: true,
          ignoreUrls: true,
        },
      ],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      // Types in comments are tsc's business; these see what it does not.
      "jsdoc/check-alignment": "error",
      "jsdoc/check-param-names": "error",
      "jsdoc/check-tag-names": ["error", { typed: false }],
      "jsdoc/require-param-name": "error",
    },
  },
  {
    files: ["www/**/*.js"],
    languageOptions: { globals: { ...globals.browser, ...globals.worker } },
  },
  {
    files: ["www/app/**/*.js", "www/element.js"],
    ignores: ["www/app/words/**"],
    rules: {
      // Two words of which the first is a capitalised one: a text that people read.
      "no-restricted-syntax": [
        "error",
        ...[
          "Literal[value=/^[A-Z][a-z]+ [a-z]/]",
          "TemplateElement[value.raw=/^[A-Z][a-z]+ /]",
        ].map((selector) => ({
          selector,
          message: "Texts of the page are in www/app/words/en.js.",
        })),
      ],
    },
  },
  {
    files: ["www/sw.js", "www/service-worker/**/*.js"],
    languageOptions: { globals: globals.serviceworker },
  },
  {
    files: ["xtask/js/**/*.js", "tests/**/*.js", "eslint.config.js"],
    languageOptions: { globals: globals.nodeBuiltin },
  },
  // Functions that run in the page are written among those that run in Node.
  {
    files: ["tests/e2e/**/*.js", "tests/soak/**/*.js"],
    languageOptions: { globals: { ...globals.nodeBuiltin, ...globals.browser } },
  },
];
