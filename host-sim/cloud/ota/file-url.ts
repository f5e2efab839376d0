/** Where a firmware file lies that another CoAP server serves. */

const longest = 255;

/** Why a text is no `coap://HOST[:PORT]/PATH`; undefined when it is one. */
export function fileUrlFault(text: string): string | undefined {
  const form = `expected coap://HOST[:PORT]/PATH of at most ${longest} printable ASCII characters`;
  if (text.length > longest || !/^coap:\/\/[^/?#@]+\/[!-~]+$/.test(text)) return form;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return form;
  }
  if (url.search !== "" || url.hash !== "") return `${form}, without ? and #`;
  return url.hostname === "" ? form : undefined;
}
