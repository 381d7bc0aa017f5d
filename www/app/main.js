import "../element.js";
import { keepSite } from "./shell/service-worker.js";
import { language } from "./words/language.js";
import { words } from "./words/words.js";

keepSite();

// What index.html says in English.
document.documentElement.lang = language;
document.title = words.page.title;
for (const title of document.querySelectorAll("h1")) title.textContent = words.page.title;

// On this page nothing else has keys of its own: where nothing has the focus they are the
// playground's, too.
document.addEventListener("keydown", (event) => {
  if (event.target !== document.body) return;
  const { key, ctrlKey, metaKey } = event;
  const copy = new KeyboardEvent("keydown", { key, ctrlKey, metaKey, cancelable: true });
  if (document.querySelector("wasgi-playground")?.dispatchEvent(copy) === false)
    event.preventDefault();
});
