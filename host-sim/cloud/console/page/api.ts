/** The application API as the page calls it, with the token where one is needed. */

/** What an answer of the API says when it is none: RFC 9457's detail. */
export class ApiFault extends Error {
  override name = "ApiFault";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const stored = "enos-console-token";

/** Kept for this tab alone. */
export function useToken(token: string): void {
  sessionStorage.setItem(stored, token);
}

export function headers(): Record<string, string> {
  const token = sessionStorage.getItem(stored);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** @throws ApiFault for any answer but 2xx; TypeError when there is none */
export async function call<T>(path: string, method = "GET", body?: unknown): Promise<T> {
  if (body === undefined) return send(path, method);
  return send(path, method, { body: JSON.stringify(body), type: "application/json" });
}

/** Sends a file as it is. @throws as `call` does */
export async function upload(path: string, file: Blob): Promise<void> {
  await send(path, "PUT", { body: file, type: "application/octet-stream" });
}

async function send<T>(
  path: string,
  method: string,
  given?: { readonly body: Blob | string; readonly type: string },
): Promise<T> {
  const type: Record<string, string> = given === undefined ? {} : { "content-type": given.type };
  const response = await fetch(path.startsWith("/console/") ? path : `/api/v1${path}`, {
    method,
    headers: { ...headers(), ...type },
    ...(given === undefined ? {} : { body: given.body }),
  });
  if (!response.ok) {
    const { detail } = (await response.json().catch(() => ({}))) as { detail?: string };
    throw new ApiFault(response.status, detail ?? `${method} ${path} was answered ${response.status}`);
  }
  return (await response.json()) as T;
}

/** A device's path below the API. */
export function pathOf(device: { productKey: string; deviceKey: string }): string {
  return `/devices/${encodeURIComponent(device.productKey)}/${encodeURIComponent(device.deviceKey)}`;
}
