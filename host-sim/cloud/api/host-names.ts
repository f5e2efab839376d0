/**
 * Under which names the application API may be called. A web page whose name its owner points at this
 * machine (DNS rebinding) would otherwise be let in by the browser as if it came from here; its requests
 * still carry the page's own name in `Host`.
 */
import { isIP } from "node:net";

/** Whether an address is this machine's own loopback: 127.0.0.0/8, ::1, or localhost (RFC 6761). */
export function isLoopback(host: string): boolean {
  const name = bare(host);
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  if (isIP(name) === 4) return name.startsWith("127.");
  if (isIP(name) !== 6) return false;
  return name === "::1" || /^(?:0{1,4}:){7}0{0,3}1$/.test(name) || name.startsWith("::ffff:127.");
}

/** Whether listening there means listening on all addresses. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || /^\[?[0:]+\]?$/.test(host);
}

/**
 * Whether a Host header names this API.
 * @param listening what it listens on, as its operator wrote it; on all addresses any address will do, for
 * an address cannot be rebound
 */
export function hostAllowed(header: string | undefined, listening: string): boolean {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^:\s/@?#[\]]+)(?::\d{1,5})?$/.exec(header ?? "");
  if (match === null) return false;
  const name = bare(match[1]);
  if (isLoopback(name) || name === bare(listening)) return true;
  return isWildcard(listening) && isIP(name) !== 0;
}

/**
 * Whether a request may come from where its Origin header says. Pages of other origins can post without
 * asking first as long as there is no body; programs that are no browser send no Origin.
 */
export function originAllowed(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  // A proxy may have put TLS in front of it.
  return host !== undefined && origin.toLowerCase().replace(/^https?:\/\//, "") === host.toLowerCase();
}

function bare(host: string): string {
  return host
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
    .toLowerCase();
}
