// The texts of a page that are cut or stick out of their boxes, and that cannot be read whole: neither in a title, nor on
// the page that the row of a list leads to. What charts say is theirs.
() => {
  const words = (text) => text.replace(/\s+/g, " ").trim();
  const end = /(\.\.\.|…)$/;
  const hidden = (overflow) => overflow === "hidden" || overflow === "clip";
  const found = [];
  for (const element of document.body.querySelectorAll("*:not(svg *, svg, script, option, .unseen, .unseen *, .plot, .plot *)")) {
    const text = words(element.textContent);
    if (!text || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const wider = element.scrollWidth > element.clientWidth + 1;
    const higher = element.scrollHeight > element.clientHeight + 1;
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && words(node.data));
    const shortened = own && text.length > 20 && end.test(text);
    const cut = shortened || (hidden(style.overflowX) && wider) || (hidden(style.overflowY) && higher);
    const sticksOut = own && style.overflowX === "visible" && style.display !== "inline" && wider;
    const title = words(element.closest("[title]")?.title ?? "");
    const whole = title.includes(text.replace(end, "")) && !end.test(title);
    const elsewhere = element.closest("tbody tr")?.querySelector("th a");
    if (sticksOut || (cut && !whole && !elsewhere))
      found.push(`${cut ? "cut" : "sticks out"}: ${element.cloneNode().outerHTML} ${text.slice(0, 60)}`);
  }
  return found;
}
