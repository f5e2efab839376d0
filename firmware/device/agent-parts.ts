/**
 * Makes the agent's larger parts of its options: what each is set to when an option is left out, and what it is
 * given of the others.
 */
import { CommandMemory } from "../continuity/command-memory";
import { SessionKeeper } from "../continuity/session-keeper";
import { Uploader } from "../delivery/uploader";
import { builtInServices } from "./built-in-services";
import { CommandResponder } from "./command-responder";
import { ReadingIntake } from "./reading-intake";
import type { Endpoint } from "../coap/endpoint";
import type { PersistentState } from "../continuity/persistent-state";
import type { Session } from "../enos/session";
import type { MemberNames } from "../text/member-names";
import type { Contacts } from "./contacts";
import type { FailureCount } from "./failure-count";
import type { AgentOptions, DatagramSocket } from "./agent-options";

/** What all parts are given. */
interface Shared {
  readonly options: AgentOptions;
  readonly memory: PersistentState;
  readonly session: Session;
  readonly names: MemberNames;
}

/** What keeps the session over restarts, and alive. */
export function sessionKeeperOf({ options, memory, session }: Shared): SessionKeeper {
  const { credentials, lifetime } = options.session;
  return new SessionKeeper({
    session,
    memory,
    credentials,
    lifetime,
    keepAlive: options.keepAlive ?? false,
    retained: options.sleepsDeeply,
    log: options.log,
  });
}

/** What sends readings and messages. */
export function uploaderOf({ options, memory, session, names }: Shared, contacts: Contacts): Uploader {
  const { batch = 1, interval } = options;
  return new Uploader({
    session,
    credentials: options.session.credentials,
    thing: options.application.thing,
    names,
    random: options.random,
    payloadLimit: options.payloadLimit ?? 512,
    maxDatagram: options.maxDatagram ?? 1152,
    batch,
    lateAfter: 1000 * (options.late ?? (batch + 1) * interval),
    spacing: 1000 * (options.spacing ?? 3),
    flash: options.flash,
    retained: options.retained,
    policy: options.policy ?? "oldest",
    order: options.order ?? "oldest",
    memory,
    sealing: options.sealing,
    contacts,
    log: options.log,
  });
}

/** What hands readings to the uploader. */
export function readingsOf(
  { options, memory }: Shared,
  uploader: Uploader,
  failures: FailureCount,
): ReadingIntake {
  const { format, logValues = false, log, woken } = options;
  const { thing } = options.application;
  return new ReadingIntake({ thing, format, memory, uploader, failures, logValues, log }, woken?.taken ?? 0);
}

/**
 * What executes and answers commands: the application's, and those that every device has.
 *
 * @param restart asks for a restart of the board, and says why it does not come
 */
export function commandsOf(
  { options, session, names }: Shared,
  uploader: Uploader,
  contacts: Contacts,
  restart: (normally: boolean) => string | undefined,
): CommandResponder {
  const { store, retained, crypto, log } = options;
  const { thing, commands } = options.application;
  const builtIn = builtInServices({ restart, newest: options.newestLog ?? (() => "") });
  const { services } = commands;
  return new CommandResponder({
    application: {
      thing,
      commands: {
        ...commands,
        services: {
          ...builtIn,
          ...options.health?.services,
          ...options.remoteSettings?.services,
          ...services,
        },
      },
    },
    credentials: options.session.credentials,
    names,
    session,
    wake: options.wake,
    memory: new CommandMemory({ store, retained, crypto, clock: uploader, log }),
    sealing: options.sealing,
    clock: uploader,
    contacts,
    log,
  });
}

/** Tells the device's health where its signs are. */
export function beginHealth(
  { link, application, health }: AgentOptions,
  endpoint: Endpoint,
  uploader: Uploader,
): void {
  health?.begin({
    retransmissions: () => endpoint.retransmissions,
    waiting: () => uploader.waiting,
    erases: () => uploader.erases,
    resets: () => link.escalation,
    battery: application.battery?.bind(application),
  });
}

/** The socket. It is read in `poll`: an ESP32's stack is too small to end an exchange on top of UART and AT engine. */
export function socketOf({ socket, log }: AgentOptions): DatagramSocket {
  const { io, ...options } = socket;
  return new io({
    ...options,
    onReadable(): void {},
    onError(this: DatagramSocket, reason?: string): void {
      log({ kind: "socket error", reason: reason ?? "unknown" });
    },
  });
}
