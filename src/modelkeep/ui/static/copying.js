import { say } from "./messages.js";

// Shows the buttons that copy the text beside them.
export function wireCopying() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = button.dataset.copy || button.parentElement.querySelector("code").textContent;
      try {
        await navigator.clipboard.writeText(text);
        const label = button.querySelector("span");
        const before = label.textContent;
        label.textContent = "Copied";
        setTimeout(() => { label.textContent = before; }, 1500);
      } catch {
        say("The browser does not allow copying here; select the text and copy it.", "warn");
      }
    });
  }
}
