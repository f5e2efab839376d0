/** What operators can ask of a device, and the path and payload with which it is sent. */
import { printable } from "../coap/coap-text";
import type { Product } from "../registry/product";

/** What an operator wants a device to do. */
export type Command =
  | { kind: "set"; points: Record<string, unknown> }
  | { kind: "get"; points: string[] }
  | { kind: "service"; service: string; inputs: Record<string, unknown> }
  /** A firmware to fetch; always JSON, also where the product's other commands are bytes. */
  | { kind: "upgrade"; params: UpgradeParams }
  /** Bytes given by hand; `requestId` is the u32 inside them. */
  | { kind: "raw"; payload: Uint8Array; requestId: number };

/** What `ota/device/upgrade` says of a firmware. */
export interface UpgradeParams {
  version: string;
  /** Hexadecimal digest of the file. */
  sign: string;
  /** Such as "md5". */
  signMethod: string;
  /** Where the file is: a path on this server, or a URL. */
  fileUrl: string;
  /** Bytes. */
  fileSize: number;
}

/** What a command asked for, in the words of the request that asked: kept so that it can be asked for again. */
export interface Asked {
  /** Of "set" values by identifier, of "get" identifiers. */
  readonly points?: Readonly<Record<string, unknown>> | readonly string[];
  /** Of a service; of an upgrade what `ota/device/upgrade` says. */
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/** A command as it is sent. */
export interface EncodedCommand extends Asked {
  readonly kind: Command["kind"];
  /** Identifier of the service that a command of this kind calls. */
  readonly service?: string;
  /** Below /topic/sys/PK/DK, such as `thing/service/measurepoint/set`. */
  readonly path: string;
  readonly payload: Uint8Array;
  /** Of one given by hand: the u32 by which its reply is known. */
  readonly requestId?: number;
}

/** Path of commands in bytes. */
export const rawDown = "thing/model/down_raw";
const upgradePath = "ota/device/upgrade";

/** Whether the product's parsing script makes the bytes of this command. */
export function isScripted({ kind }: Command, { payload }: Product): boolean {
  return payload === "raw" && (kind === "set" || kind === "service");
}

/** @throws RangeError when the command is not as the product's model says, or has no bytes */
export function encodeCommand(id: string, command: Command, product: Product): EncodedCommand {
  const { kind } = command;
  switch (kind) {
    case "raw": {
      const { requestId, payload } = command;
      if (!Number.isInteger(requestId) || requestId < 0 || requestId > 0xffff_ffff) {
        throw new RangeError(`requestId: expected an integer from 0 to 4294967295, got ${requestId}`);
      }
      if (payload.length === 0) throw new RangeError("payload: expected at least 1 byte");
      return { kind, path: rawDown, payload: payload.slice(), requestId };
    }
    case "set":
      refuseFault(product.checkSet(command.points));
      return {
        kind,
        points: command.points,
        ...encodeService(id, "measurepoint/set", command.points, product),
      };
    case "get":
      if (product.payload === "raw")
        throw new RangeError("get: has no raw form, and the product's commands are raw");
      for (const identifier of command.points) {
        if (!product.hasPoint(identifier))
          throw new RangeError(`points: ${printable(identifier)} is not in the model`);
      }
      return {
        kind,
        points: command.points,
        ...encodeService(id, "measurepoint/get", command.points, product),
      };
    case "service": {
      if (!/^[A-Za-z0-9_.-]{1,64}$/.test(command.service) || command.service.endsWith("_reply")) {
        throw new RangeError("service: expected 1 to 64 of A-Z a-z 0-9 _ . - that do not end in _reply");
      }
      const { service, inputs } = command;
      refuseFault(product.checkService(service, inputs));
      return { kind, service, inputs, ...encodeService(id, service, inputs, product) };
    }
    case "upgrade": {
      const payload = asJson(id, upgradePath.replaceAll("/", "."), command.params);
      const inputs = { ...command.params };
      return { kind, inputs, path: upgradePath, payload: Buffer.from(payload, "utf8") };
    }
  }
}

/** As JSON, or as the bytes that the product's parsing script makes of it. */
function encodeService(
  id: string,
  service: string,
  params: unknown,
  product: Product,
): Pick<EncodedCommand, "path" | "payload"> {
  const text = asJson(id, `thing.service.${service.replace("/", ".")}`, params);
  if (product.payload === "json") {
    return { path: `thing/service/${service}`, payload: Buffer.from(text, "utf8") };
  }
  const payload = product.jsonToRaw(text, "command");
  if ("fault" in payload) {
    const { fault, refusal } = payload;
    throw new RangeError(
      refusal === undefined
        ? `the parsing script made no command of it: ${fault}`
        : `the parsing script refused the command: sealed: ${refusal}`,
    );
  }
  if (payload.length === 0)
    throw new RangeError("the parsing script made no command of it: it gave no bytes");
  return { path: rawDown, payload };
}

function asJson(id: string, method: string, params: unknown): string {
  return JSON.stringify({ id, version: "1.0", method, params });
}

function refuseFault(fault: string | undefined): void {
  if (fault !== undefined) throw new RangeError(fault);
}
