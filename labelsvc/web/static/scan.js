// A scanner is a keyboard. What it types for GS (FNC1) would get lost: it is caught here, shown as a symbol in the
// field, and sent as the character it is.
"use strict";

const GS = "\u001d";
const SHOWN_GS = "\u2192"; // an arrow, which every font has
const SENT_GS = "\u241d";

function isGs(event) {
  // Ctrl+] is how most scanners type it, F8 how some do; some keyboards' layouts give the character itself.
  return (event.ctrlKey && !event.altKey && (event.key === "]" || event.code === "BracketRight")) ||
    event.key === "F8" || event.key === GS || event.key === SENT_GS;
}

function write(field, text) {
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
}

for (const field of document.querySelectorAll("[data-scan]")) {
  field.addEventListener("keydown", (event) => {
    if (isGs(event)) {
      event.preventDefault();
      write(field, SHOWN_GS);
    }
  });
  field.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text");
    if (text.includes(GS)) {
      event.preventDefault();
      write(field, text.replaceAll(GS, SHOWN_GS));
    }
  });
  field.form.addEventListener("formdata", (event) => {
    event.formData.set(field.name, field.value.replaceAll(SHOWN_GS, GS).replaceAll(SENT_GS, GS));
  });
}
