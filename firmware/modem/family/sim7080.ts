/**
 * SIMCom SIM7080G, SIM7070G and SIM7090G (LTE-M and NB-IoT), after SIMCom's AT manual V1.05 for the
 * series and its notes on TCP/UDP (V1.03) and low power (V1.02). The host numbers the sockets; there is
 * no hexadecimal, so data is sent behind a prompt and read raw on the answer's own line:
 *
 *     AT+CNACT=0,1                                  OK    +APP PDP: 0,ACTIVE
 *     AT+CAOPEN=0,0,"UDP","203.0.113.5",5683        +CAOPEN: 0,0    before OK or behind it
 *     AT+CASEND=0,4    > <4 bytes>                  OK
 *     +CADATAIND: 0    AT+CARECV=0,1100             +CARECV: 4,<4 bytes>    OK
 *
 * After PSM the stack's context is gone (TinyGSM issue 829); no document says what is left of settings and
 * sockets, so all is said again. Nor is it told whether a read keeps to the borders of datagrams, here and of the SIM7000's
 * AT+CIPRXGET: two that came together may be read as one (`joinsDatagrams`), as modules of another maker do (ESP-AT issue 451).
 */
import { ascii, startsWith } from "../../text/ascii";
import { fieldsOf, lineText, wholeNumber } from "../at/fields";
import { authentication, contextSteps, isApn, loginSteps } from "../at/context";
import { operatorSteps } from "../at/operator";
import { resolveByCdnsgip } from "../at/resolve";
import {
  areFields,
  askCause,
  edrxSteps,
  ensure,
  psmSteps,
  usualSignalAndTime,
} from "../at/standard-commands";
import { simcomPowerOff, supplyUrcs } from "./supply-urc";
import {
  askApn,
  askBands,
  baudSteps,
  cell,
  contextType,
  rateSteps,
  networkTimeSteps,
  otherUrc,
  releaseSteps,
  sleepSignSteps,
  technologySteps,
} from "./simcom";
import type { AtResult } from "../at/engine";
import type { Family, GrantedContext, ModemUrc, Received } from "./family";
import type { Wanted } from "../at/standard-commands";
import type { Step } from "../at/script";

const caopen = ascii("+CAOPEN:");
const carecv = ascii("+CARECV:");
const cadataind = ascii("+CADATAIND:");
const castate = ascii("+CASTATE:");
const appPdp = ascii("+APP PDP:");

/** The manual's maximum for what needs the network, ms. */
const networkTimeout = 150_000;
const ordinaryTimeout = 10_000;
const largest = 1_024;
/** Most bytes read at once: more than a datagram has. */
const readLimit = 1_100;

/** Results of `+CAOPEN:`. */
const meanings: Readonly<Record<number, string>> = Object.freeze({
  1: "socket error",
  2: "no memory",
  3: "too many sockets",
  4: "wrong parameter",
  6: "wrong address",
  7: "not supported",
  12: "port in use",
  13: "no listening there",
  20: "name not resolved",
  21: "no context",
  23: "refused by the server",
  24: "certificate expired",
  25: "certificate of another name",
  26: "certificate expired and of another name",
  27: "connection failed",
});

function radio(wanted: Wanted): Step[] {
  return technologySteps(wanted).concat(
    contextSteps(wanted),
    authenticationSteps(wanted),
    stackSteps(wanted),
  );
}

/** The attach request's login, kept by the modem: a password is not told, so it is set anew each time. */
function authenticationSteps(wanted: Wanted): Step[] {
  if (wanted.apnLogin !== undefined) return loginSteps(wanted, "AT+CGAUTH=1,", "password first");
  return ensure({
    // +CGAUTH: <context>,<type>[,<user>]
    read: "AT+CGAUTH?",
    prefix: "+CGAUTH:",
    fits: (fields) => areFields(fields, ["1", "0"]),
    write: "AT+CGAUTH=1,0",
    optional: true,
  });
}

/** The stack's context: `+CNCFG: 0,<type>,"<apn>","<user>","<password>",<authentication>`. */
function stackSteps(wanted: Wanted): Step[] {
  const { apn, apnLogin } = wanted;
  const type = contextType(wanted);
  const { user, password } = apnLogin ?? { user: "", password: "" };
  const login = `,"${user}","${password}",${authentication(wanted)}`;
  const head = `AT+CNCFG=0,${type},"${apn}"`;
  /** A former owner's login is in the way. */
  let stale = false;
  const steps = ensure({
    read: "AT+CNCFG?",
    prefix: "+CNCFG:",
    fits: (fields) => {
      if (fields[0] !== "0") return false;
      const same = areFields(fields.slice(3), [user, password]);
      stale = !same && apnLogin === undefined;
      if (apnLogin !== undefined && fields[5] !== String(authentication(wanted))) return false;
      return same && fields[1] === type && isApn(fields[2], apn);
    },
    write: apnLogin === undefined ? head : head + login,
    secret: apnLogin !== undefined,
  });
  if (apnLogin === undefined) steps.push({ line: ascii(head + login), optional: true, skip: () => !stale });
  return steps;
}

function saving(wanted: Wanted): Step[] {
  return edrxSteps(wanted, true).concat(psmSteps(wanted));
}

/** Activates the stack's context, unless it is still active. */
function attach(): Step[] {
  let active = false;
  return [
    {
      line: ascii("AT+CNACT?"),
      prefix: ascii("+CNACT:"),
      optional: true,
      onLine: (line) => (active ||= isActive(line) !== undefined),
    },
    {
      line: ascii("AT+CNACT=0,1"),
      timeout: networkTimeout,
      skip: () => active,
      also: activated,
      ask: { line: ascii("AT+CNACT?"), prefix: ascii("+CNACT:"), tells: isActive },
    },
  ];
}

/** `+CNACT: 0,1,"<address>"`; 0 is a context that is not active, or not yet. */
function isActive(line: Uint8Array): AtResult | undefined {
  const fields = fieldsOf(line, 7);
  return fields[0] === "0" && fields[1] === "1" ? { kind: "ok" } : undefined;
}

/** `+APP PDP: 0,ACTIVE` or `DEACTIVE` */
function activated(line: Uint8Array): AtResult | undefined {
  if (!startsWith(line, appPdp)) return undefined;
  const fields = fieldsOf(line, appPdp.length);
  if (fields[0] !== "0") return undefined;
  return fields[1] === "ACTIVE" ? { kind: "ok" } : { kind: "error" };
}

function open(id: number, address: string, port: number, opened: (id: number) => void): Step[] {
  return [
    {
      line: ascii(`AT+CAOPEN=${id},0,"UDP","${address}",${port}`),
      timeout: networkTimeout,
      // +CAOPEN: <id>,<result>
      also: (line) => {
        if (!startsWith(line, caopen)) return undefined;
        const fields = fieldsOf(line, caopen.length);
        if (wholeNumber(fields[0]) !== id) return undefined;
        const code = wholeNumber(fields[1]);
        return code === 0 ? { kind: "ok" } : { kind: "error", code, meaning: meanings[code ?? 1] };
      },
      ask: {
        line: ascii("AT+CASTATE?"),
        prefix: castate,
        // +CASTATE: <id>,<state>
        tells: (line) => {
          const fields = fieldsOf(line, castate.length);
          return fields[0] === String(id) && fields[1] === "1" ? { kind: "ok" } : undefined;
        },
      },
      onOk: () => opened(id),
    },
  ];
}

function send(id: number, bytes: Uint8Array, _: string, __: number, release: boolean): Step[] {
  return [
    ...(release ? releaseSteps() : []),
    {
      line: ascii(`AT+CASEND=${id},${bytes.length}`),
      payload: { prompt: 0x3e, bytes },
      timeout: ordinaryTimeout,
    },
  ];
}

/** `+CARECV: <length>,<bytes>`, or `+CARECV: 0`. */
function read(id: number, onData: (received: Received) => void): Step[] {
  return [
    {
      line: ascii(`AT+CARECV=${id},${readLimit}`),
      prefix: carecv,
      timeout: ordinaryTimeout,
      raw: {
        sameLine: true,
        count: (header) => wholeNumber(lineText(header, carecv.length, header.length - 1)),
        onData: (bytes, missing = 0) => onData({ bytes: bytes.slice(), cut: missing > 0 }),
      },
    },
  ];
}

function urc(line: Uint8Array): ModemUrc | undefined {
  if (startsWith(line, appPdp)) {
    return activated(line)?.kind === "error" ? { kind: "no-context" } : undefined;
  }
  const closed = startsWith(line, castate);
  if (closed || startsWith(line, cadataind)) {
    const fields = fieldsOf(line, closed ? castate.length : cadataind.length);
    const socket = wholeNumber(fields[0]);
    if (socket === undefined) return undefined;
    if (!closed) return { kind: "data", socket };
    return fields[1] === "0" ? { kind: "closed", socket, reason: "network" } : undefined;
  }
  return otherUrc(line);
}

/** Access point and address: `+CNACT: 0,1,"<address>"`. */
function context(onContext: (part: GrantedContext) => void): Step[] {
  return [
    askApn((apn) => onContext({ apn })),
    {
      line: ascii("AT+CNACT?"),
      prefix: ascii("+CNACT:"),
      optional: true,
      onLine: (line) => {
        const [index, state, address] = fieldsOf(line, 7);
        if (index === "0" && state === "1") onContext({ address });
      },
    },
  ];
}

/** SIMCom SIM7080G, SIM7070G and SIM7090G. */
export const sim7080: Family = Object.freeze({
  name: "sim7080",
  models: Object.freeze(["SIM7080", "SIM7070", "SIM7090"]),
  baud: 115_200,
  rate: rateSteps,
  gap: 20,
  urcs: Object.freeze(
    [
      "+CADATAIND:",
      "+CASTATE:",
      "+CAURC:",
      "+CAOPEN:",
      "+APP PDP:",
      "+CPSMSTATUS:",
      "*PSUTTZ",
      "*PSNWID",
      "DST:",
      "+CTZV:",
      "+CFUN:",
      "+CEDRXP:",
      "+CDNSGIP:",
      ...supplyUrcs,
      "SMS Ready",
    ].map(ascii),
  ),
  banners: Object.freeze([ascii("RDY")]),
  // The key: on and wake from 1 s, off from 1.2 s.
  power: Object.freeze({ on: 1_100, off: 1_500, wake: 1_100, reset: 0, down: 4_000, boot: 12_000 }),
  powerOff: simcomPowerOff,
  sleep: Object.freeze({ wakes: "key", boots: true }),
  technologies: Object.freeze(["nb-iot", "lte-m"] as const),
  cereg: 4,
  cause: askCause,
  cfunTimeout: 30_000,
  always: sleepSignSteps,
  persistent: baudSteps,
  radio,
  saving,
  sleepy: networkTimeSteps,
  search: operatorSteps,
  attach,
  signalAndTime: usualSignalAndTime,
  cell,
  context,
  bands: askBands,
  resolve: (name: string, onAddress: (address: string) => void): Step[] =>
    resolveByCdnsgip(`AT+CDNSGIP="${name}",1,10000`, onAddress),
  urc,
  sockets: Object.freeze({
    count: 12,
    largest,
    open,
    close: (id: number): Step[] => [
      { line: ascii(`AT+CACLOSE=${id}`), optional: true, timeout: ordinaryTimeout },
    ],
    send,
    read,
    readLimit,
    joinsDatagrams: true,
  }),
} as const);
