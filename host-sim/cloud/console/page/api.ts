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

/** Forgets it. */
export function dropToken(): void {
  sessionStorage.removeItem(stored);
}

/** Whether a token is kept that the API has not refused. */
export function hasToken(): boolean {
  return sessionStorage.getItem(stored) !== null;
}

export function headers(): Record<string, string> {
  const token = sessionStorage.getItem(stored);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** Whether another token than that of these headers is kept by now: a refusal of theirs says nothing of it. */
export function isReplaced({ authorization }: Record<string, string>): boolean {
  return hasToken() && headers()["authorization"] !== authorization;
}

/** Told of each answer 401 to the token that is kept, so that one place asks for another. */
let onRefused: () => void = () => undefined;

export function whenRefused(listener: () => void): void {
  onRefused = listener;
}

/**
 * Calls the API.
 * @param path below /api/v1, or one of /console/
 * @throws ApiFault for any answer but 2xx; TypeError when there is none
 */
export async function call<T>(
  path: string,
  method = "GET",
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const given = body === undefined ? undefined : { body: JSON.stringify(body), type: "application/json" };
  const response = await send(path, method, given, signal);
  // 204 carries nothing.
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** A list that the API answers as JSON lines, which may be longer than one as JSON. @throws as `call` does */
export async function lines<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  const response = await send(path, "GET", undefined, signal);
  const text = await response.text();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

/**
 * Sends a file as it is.
 * @param onProgress hears how many bytes have gone: `fetch` does not tell
 * @param signal ends it
 * @throws as `call` does
 */
export function upload(
  path: string,
  file: Blob,
  onProgress?: (sent: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/api/v1${path}`);
    const own = { ...headers(), "content-type": "application/octet-stream" };
    for (const [name, value] of Object.entries(own)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => onProgress?.(loaded);
    request.onerror = () => reject(new TypeError("the stand-in does not answer"));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) return resolve();
      if (request.status === 401 && !isReplaced(own)) onRefused();
      reject(
        new ApiFault(request.status, detailOf(request.responseText) ?? faultOf("PUT", path, request.status)),
      );
    };
    signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

function detailOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { detail?: string }).detail;
  } catch {
    return undefined;
  }
}

function faultOf(method: string, path: string, status: number): string {
  return `${method} ${path} was answered ${status}`;
}

/**
 * Fetches a file and hands it to the user, under a name. A link cannot: it sends no token.
 * @param accept the media type that is asked for
 * @throws as `call` does
 */
export async function download(path: string, name: string, accept = "*/*"): Promise<void> {
  const response = await send(path, "GET", undefined, undefined, accept);
  offerFile(await response.blob(), name);
}

/** Hands a file to the user. */
function offerFile(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function send(
  path: string,
  method: string,
  given?: { readonly body: Blob | string; readonly type: string },
  signal?: AbortSignal,
  accept?: string,
): Promise<Response> {
  const type: Record<string, string> = given === undefined ? {} : { "content-type": given.type };
  if (accept !== undefined) type["accept"] = accept;
  const own = headers();
  const response = await fetch(path.startsWith("/console/") ? path : `/api/v1${path}`, {
    method,
    headers: { ...own, ...type },
    ...(given === undefined ? {} : { body: given.body }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.ok) return response;
  if (response.status === 401) {
    if (isReplaced(own)) return send(path, method, given, signal, accept);
    onRefused();
  }
  const detail = detailOf(await response.text());
  throw new ApiFault(response.status, detail ?? faultOf(method, path, response.status));
}

/** A device's path below the API. */
export function pathOf(device: { productKey: string; deviceKey: string }): string {
  return `/devices/${encodeURIComponent(device.productKey)}/${encodeURIComponent(device.deviceKey)}`;
}
