import "../element.js";
import { keepSite } from "./shell/service-worker.js";

keepSite();

// On this page nothing else has keys of its own: where nothing has the focus they are the
// playground's, too.
document.addEventListener("keydown", (event) => {
  if (event.target !== document.body) return;
  const { key, ctrlKey, metaKey } = event;
  const copy = new KeyboardEvent("keydown", { key, ctrlKey, metaKey, cancelable: true });
  if (document.querySelector("wasgi-playground")?.dispatchEvent(copy) === false)
    event.preventDefault();
});
