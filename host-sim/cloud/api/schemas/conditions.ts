/** Schemas of the conditions that devices meet, and of how the cloud stands. */
import { named, number, object, text, whole } from "./parts";
import type { NamedSchema, Schema } from "./parts";

const probability = (description: string): Schema =>
  number(`probability that ${description}`, { minimum: 0, maximum: 1 });
const faults = {
  dropUp: probability("a datagram to the cloud is lost"),
  dropDown: probability("a datagram from the cloud is lost"),
  duplicateDown: probability("a datagram from the cloud arrives twice"),
  delayDown: number("how much later all that the cloud sends leaves, ms", { minimum: 0, maximum: 600_000 }),
  serverError: probability("a request is answered 5.00 and not carried out"),
};
const nat = {
  tie: text("how a session knows its device: by path, or by the UDP address that authenticated", {
    enum: ["path", "address"],
  }),
  addressIdle: number("seconds of silence after which an address is taken for a new one; 0: never", {
    minimum: 0,
    maximum: 31_536_000,
  }),
};
const rateLimit = {
  perSecond: number("datagrams per second from one address; 0: no limit", { minimum: 0, maximum: 1e6 }),
  burst: number("datagrams at once after silence", { minimum: 0, maximum: 1e6 }),
};

/** Members left out stay as they are. */
export const faultsBody = object(faults, []);
export const natBody = object(nat, []);
export const rateLimitBody = object(rateLimit, []);

/** What condition routes answer. */
export const conditionAnswers: readonly NamedSchema[] = [
  { $id: "Faults", ...object(faults, Object.keys(faults)) },
  { $id: "Nat", ...object(nat, Object.keys(nat)) },
  { $id: "RateLimit", ...object(rateLimit, Object.keys(rateLimit)) },
  {
    $id: "Forgotten",
    ...object({ sessions: whole("how many devices have to authenticate anew") }, ["sessions"]),
  },
  {
    $id: "Status",
    ...object(
      {
        version: text("of this program"),
        access: text("what the caller may do: everything, or read alone", {
          enum: ["operate", "read"],
        }),
        uptime: number("seconds since start"),
        edition: text("of the protocol, for devices that name none"),
        coap: object(
          { address: text("that it listens on"), port: whole("of UDP") },
          ["address", "port"],
          "where devices reach it",
        ),
        products: whole("how many"),
        devices: {
          ...object({ total: whole("all"), online: whole("with a live session") }, ["total", "online"]),
        },
        kept: { type: "boolean", description: "whether a restart keeps what there is (--data)" },
        counters: { ...named("datagrams and what became of them"), additionalProperties: { type: "number" } },
      },
      ["version", "access", "uptime", "edition", "products", "devices", "kept", "counters"],
    ),
  },
];
