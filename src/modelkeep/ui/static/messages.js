// Says something to everybody, to those who listen to the page too.
export function say(text, kind = "good") {
  const place = document.getElementById("messages");
  const message = document.createElement("p");
  message.className = `notice ${kind}`;
  message.textContent = text;
  place.replaceChildren(message);
}
