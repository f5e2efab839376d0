/**
 * The address that devices are given, as far as the page can tell: one that listens on all interfaces is reached by the
 * name under which the page was.
 */
export function coapUrl(coap: { readonly address: string; readonly port: number } | undefined): string {
  const isAll = coap === undefined || coap.address === "0.0.0.0" || coap.address === "::";
  const host = isAll ? location.hostname : coap.address;
  const shown = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return `coap://${shown}:${coap?.port ?? 5683}`;
}
