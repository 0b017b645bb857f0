/** Characters that XML 1.0 can't represent, escaped or not. */
const forbidden = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;',
};

/** Whether XML 1.0 can represent a text. */
export function isXmlText(text: string): boolean {
  forbidden.lastIndex = 0;
  return !forbidden.test(text);
}

/** Escapes text for an element or a quoted attribute. Characters that XML can't represent become U+FFFD. */
export function escapeXml(text: string): string {
  return text.replace(forbidden, '\ufffd').replace(/[&<>"'\r]/g, (character) => escapes[character] ?? '');
}
