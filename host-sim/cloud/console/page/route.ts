/**
 * Addresses: every place, tab, filter and time range has one, which survives a reload and can be sent to somebody.
 *
 *     /fleet?state=offline&q=hall&sort=lastSeen&order=desc
 *     /devices/PK/DK/live?from=…&to=…             tabs: live messages commands events attributes update
 *     /products   /products/PK/model              tabs: model script update
 *     /cloud/faults                               tabs: faults network data settings
 */
import { computed, signal } from "@preact/signals";
import { knownPlace } from "../addresses";
import type { Place } from "../addresses";

interface Address {
  readonly path: string;
  readonly query: URLSearchParams;
}

const address = signal<Address>(read());

function read(): Address {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

/** Where the page is; undefined for an address that is none. */
export const place = computed<Place | undefined>(() => knownPlace(address.value.path));

/** What the address says behind `?`. */
export const query = computed<URLSearchParams>(() => address.value.query);

/** Follows the browser's own buttons and every link on the page from now on. */
export function beginRoute(): void {
  addEventListener("popstate", () => (address.value = read()));
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest("a");
    const isPlain =
      event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (link === null || !isPlain || event.defaultPrevented) return;
    if (link.target !== "" || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (knownPlace(link.pathname) === undefined) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}

/** Goes to an address of this page. @param replaces the present one, so that "back" does not come to it */
export function go(href: string, { replaces = false } = {}): void {
  if (replaces) history.replaceState(null, "", href);
  else {
    history.pushState(null, "", href);
    // A place begins at its top; the browser's own back goes to where one was.
    scrollTo({ top: 0, behavior: "instant" });
  }
  address.value = read();
}

/** Changes what the address says behind `?`; undefined or "" takes a name out. The place stays, and "back" leaves it. */
export function setQuery(change: Readonly<Record<string, string | undefined>>): void {
  const next = new URLSearchParams(address.value.query);
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined || value === "") next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  go(location.pathname + (text === "" ? "" : `?${text}`), { replaces: true });
}
