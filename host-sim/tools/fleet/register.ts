/** Has the stand-in know a fleet's devices: their product with model and script, and each of them, over its API. */
import { productRecord } from "../../sim/world/products";
import type { DeviceRecord } from "../../cloud/registry/registry";

/** Devices of one request: the API takes 10,000, in 4 MB. */
const atOnce = 5_000;

/** What could not be registered, and why; the message quotes no secret. */
export class RegisterError extends Error {
  override readonly name = "RegisterError";
}

/**
 * Registers them; those that are there already stay as they are.
 *
 * @param url where the API is, with `/api/v1` or without
 * @param bearer what the API asks for, if anything
 * @throws RegisterError
 */
export async function register(
  url: string,
  devices: readonly DeviceRecord[],
  payload: "raw" | "json",
  bearer: string | undefined,
): Promise<{ readonly created: number; readonly exist: number }> {
  const base = url.replace(/\/+$/, "").replace(/(\/api\/v1)?$/, "/api/v1");
  const headers = {
    "content-type": "application/json",
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
  };
  const ask = async (method: string, path: string, body: unknown): Promise<unknown> => {
    let answer: Response;
    try {
      answer = await fetch(`${base}${path}`, { method, headers, body: JSON.stringify(body) });
    } catch (error) {
      const cause = (error as { cause?: { code?: string } }).cause?.code ?? "no answer";
      throw new RegisterError(`${base} does not answer (${cause}): is the stand-in's API there?`);
    }
    const text = await answer.text();
    if (answer.ok) return text === "" ? undefined : JSON.parse(text);
    let detail = text.slice(0, 200);
    try {
      detail = String((JSON.parse(text) as { detail?: unknown }).detail ?? detail).slice(0, 200);
    } catch {
      // Whatever answers there, it is no such API; its first words say more than nothing.
    }
    throw new RegisterError(`${method} ${base}${path}: ${answer.status}: ${detail}`);
  };
  for (const productKey of new Set(devices.map((device) => device.productKey))) {
    const { productKey: _, ...product } = productRecord("demo", productKey, payload);
    await ask("PUT", `/products/${encodeURIComponent(productKey)}`, product);
  }
  const sum = { created: 0, exist: 0 };
  for (let from = 0; from < devices.length; from += atOnce) {
    const part = devices.slice(from, from + atOnce);
    const told = (await ask("POST", "/devices/bulk", part)) as {
      readonly created: number;
      readonly exist: number;
      readonly refused: number;
      readonly items: readonly { readonly fault?: string }[];
    };
    if (told.refused > 0) {
      const fault = told.items.find((item) => item.fault !== undefined)?.fault ?? "no reason given";
      throw new RegisterError(
        `${told.refused} devices cannot be registered; the first: ${fault.slice(0, 200)}`,
      );
    }
    sum.created += told.created;
    sum.exist += told.exist;
  }
  return sum;
}
