/**
 * Composition root of the board: the only file that names pins and hardware modules. It wires the
 * rooms together and feeds them events; what they do is theirs.
 */
import Timer from "timer";
import config from "mc/config";
// The modem's manifest says whether this is anything, too.
import { newJoinedMessages } from "./coap/joined-messages";
import { narrowband } from "./coap/transmission";
import { Axp2101, axp2101Address } from "./board/axp2101";
import { boardNamed } from "./board/boards";
import { lineWithAdvice } from "./device/advice";
import { Agent } from "./device/agent";
import { DeepSleep } from "./continuity/deep-sleep";
import { Driver } from "./device/driver";
import { builtInServiceNames } from "./device/built-in-services";
import { ApplicationFault, FailedStarts } from "./device/failed-starts";
import { Identification } from "./device/identification";
import { LightSleep, losesLineEndOnly } from "./continuity/light-sleep";
import { logLine, modemLog } from "./device/log";
import { PersistentState } from "./continuity/persistent-state";
import { settingsInVain, wantedOf } from "./device/modem-settings";
import { PinMemory } from "./continuity/pin-memory";
import { readSettings } from "./device/settings";
import { unknownSettings } from "./device/unknown-settings";
import { RetainedMemory } from "./continuity/retained-memory";
import { LogRing } from "./continuity/log-ring";
import { StartRecord } from "./continuity/start-record";
import { safeApplication, safeContact } from "./device/safe-start";
import { Troubles } from "./device/trouble";
// Which product this is, too: one line of the board's manifest names its folder.
import { newHealth } from "./product/health";
import { newRemoteSettings } from "./product/remote-settings";
import { newSealing } from "./product/sealing";
import { thing } from "./product/thing";
import { newUpdate } from "./product/update";
import { version } from "./product/version";
import { newApplication, settingNames } from "./product/wiring";
import { SettingsError } from "./enos/credentials";
import { SerialWriter } from "./modem/driver/serial-writer";
import { familyNamed } from "./modem/family/family";
// Which families these are is the manifest's to say: one line of the board's names its modem.
import { families } from "./modem/family/index";
import { Modem } from "./modem/driver/modem";

import { Udp } from "./modem/udp";
import { Clock } from "./board/clock";
import { readCredentials, readProvisioned, storeDeviceKey } from "./board/credentials";
import { moddableCryptography } from "./board/crypt";
import { BoardRetainedStore, pinsToHold, releasePins, sleepingBoard } from "./board/deep-sleep";
import { openJournalFlash } from "./board/journal-flash";
import { ModemPort } from "./board/modem-port";
import { lightlySleepingBoard, setProcessorClock } from "./board/processor";
import { random } from "./board/random";
import { restartBoard, startReason } from "./board/restart";
import { StateStore } from "./board/state-store";
import { pinsOf, wire } from "./board/wiring";
import { reasonOf } from "./text/reason";
import type { Board } from "./board/boards";
import type { Application } from "./device/application";
import type { LogEvent } from "./device/log";
import type { HealthReport, RemoteSettings, StartedUpdate } from "./device/optional-parts";
import type { Configuration } from "./device/setting-values";
import type { Family } from "./modem/family/family";
import type { Settings } from "./device/settings";

export default function main(): void {
  const reason = startReason();
  const retained = new RetainedMemory(new BoardRetainedStore(), reason);
  const record = new StartRecord(retained, reason);
  const ring = new LogRing(retained);
  const troubles = new Troubles(record);
  const log = (event: LogEvent): void => {
    const line = logLine(event);
    trace(`${lineWithAdvice(event, line)}\n`);
    ring.append(line, Date.now());
    troubles.hear(event);
  };
  const restart = (): void => {
    record.ask();
    restartBoard();
  };
  const starts = new FailedStarts({ record, timers: Timer, random, restart, log });
  // First of all: a firmware on trial that is no good may go back here.
  const update = newUpdate?.({
    version,
    retained,
    startReason: record.startReason,
    restart,
    forgetStarts: () => record.leaveSafe(false),
    log,
  });
  const store = new StateStore();
  const remoteSettings = newRemoteSettings?.({
    config,
    check: (given) => {
      update?.check(given);
      return readParts(given).settings;
    },
    store,
    starts: record,
    update: newUpdate !== undefined,
    startReason: reason,
    log,
  });
  try {
    const parts = readParts(remoteSettings?.config ?? config);
    run(parts, { retained, record, starts, ring, troubles, log, restart, store, remoteSettings, update });
  } catch (error) {
    const lasting = error instanceof SettingsError;
    if (update?.failed(reasonOf(error), lasting) === true) return;
    if (!lasting) return starts.failed(error);
    if (remoteSettings?.startFailed() === true) return restart();
    // A restart would not mend it: the board says what is wrong and does nothing more.
    log({ kind: "settings", text: error.message });
  }
}

/** What there is before the settings are read. */
interface Surroundings {
  readonly retained: RetainedMemory;
  readonly record: StartRecord;
  readonly starts: FailedStarts;
  readonly ring: LogRing;
  readonly troubles: Troubles;
  readonly log: (event: LogEvent) => void;
  /** Restarts the board. */
  readonly restart: () => void;
  readonly store: StateStore;
  readonly remoteSettings: RemoteSettings | undefined;
  readonly update: StartedUpdate | undefined;
}

/** What the settings choose, before any hardware is touched. */
interface Parts {
  readonly settings: Settings;
  readonly board: Board;
  readonly family: Family;
  /** What the settings ask of that modem. */
  readonly wanted: ReturnType<typeof wantedOf>;
}

/** @throws SettingsError */
function readParts(given: Configuration): Parts {
  try {
    const settings = readSettings(given, newSealing !== undefined);
    const board = boardNamed(settings.board);
    const only = families.length === 1 ? families[0].name : undefined;
    const family = familyNamed(families, settings.modem ?? only ?? board.modem);
    return { settings, board, family, wanted: wantedOf(settings, family) };
  } catch (error) {
    // Whatever these throw speaks of the settings, as they read nothing else.
    throw new SettingsError(reasonOf(error, "unreadable"));
  }
}

/**
 * Puts the device together and starts it.
 *
 * @throws SettingsError for keys that cannot work, ApplicationFault, and what the hardware throws
 */
function run({ settings, board, family, wanted }: Parts, surroundings: Surroundings): void {
  const { retained, record, starts, ring, troubles, restart, store, remoteSettings } = surroundings;
  let health: HealthReport | undefined;
  const log =
    newHealth === undefined
      ? surroundings.log
      : (event: LogEvent): void => {
          surroundings.log(event);
          health?.hear(event);
        };
  const given = remoteSettings?.config ?? config;
  const { startReason: reason, safe } = record;
  const vain = settingsInVain(settings, family);
  for (let i = 0; i < vain.length; i++) log({ kind: "setting in vain", name: vain[i], modem: family.name });
  const credentials = readCredentials(config);
  const held = settings.sleep === "deep" ? pinsToHold(board, settings) : undefined;
  const deepSleep =
    held === undefined
      ? undefined
      : new DeepSleep({
          board: sleepingBoard(held),
          retained,
          beforeSleep: () => device?.beforeSleep(),
          log,
        });
  const woken = reason === "deep-sleep" ? deepSleep?.wake() : undefined;
  const clock = new Clock(woken?.now);
  const memory = new PersistentState(store, random, log, woken?.memory);
  const { pin } = settings;

  const { waiting } = settings;
  const needs = setProcessorClock(settings.processor, waiting !== "awake");
  if (needs !== undefined) {
    const what = needs === "processor" ? "another chip" : "a processor of 160 or 80";
    log({ kind: "setting in vain without", name: needs, what });
  }
  const ri = pinsOf(board, settings).ring;
  const lightly =
    waiting === "light-sleep" && (ri !== undefined || losesLineEndOnly(settings.baud ?? family.baud));
  if (waiting === "light-sleep" && !lightly) {
    log({ kind: "setting in vain without", name: "waiting", what: "ring, or a baud of 9600 at most" });
  }

  const { port, transmit, receive, ...lines } = wire({
    board,
    settings,
    chips: { axp2101: { address: axp2101Address, open: (bus) => new Axp2101(bus) } },
    log: (text) => log({ kind: "board note", text }),
  });
  const uart = new ModemPort({ port, transmit, receive, writer: SerialWriter });
  const modem = new Modem({
    family,
    write: (bytes) => uart.write(bytes),
    ...wanted,
    ...lines,
    baud: settings.baud,
    setBaud: (rate) => uart.reopen(rate),
    pin:
      pin === undefined
        ? undefined
        : { pin, memory: new PinMemory({ store, crypto: moddableCryptography, log }) },
    escalation: memory.escalation,
    resume: woken?.modem,
    onEscalation: () => memory.save(),
    random,
    clock: settings.modemClock,
    onTime: (epoch, now, sure) => {
      // The board's clock outlives a restart, so it is not set to a time that is not believed yet.
      if (agent.setTime(epoch, now, sure)) clock.set(epoch);
    },
    log: modemLog(log),
  });

  const lifetime = safe ? Math.min(settings.lifetime, safeContact) : settings.lifetime;
  const { productKey, deviceKey, deviceSecret } = credentials;
  const unidentified = deviceKey === "" && productKey !== "" && deviceSecret !== "";
  // A key for sealing belongs to a device key.
  const sealing = unidentified
    ? undefined
    : newSealing?.({
        crypto: moddableCryptography,
        random,
        keyText: readProvisioned("sealKey"),
        credentials,
        retained,
        store,
        startReason: reason,
        log,
      });
  // A safe start has one too: it may mend what is wrong.
  const update =
    unidentified || surroundings.update?.isBarred(record) === true
      ? undefined
      : surroundings.update?.open({
          crypto: moddableCryptography,
          settings,
          config: given,
          board: board.name,
          credentials,
          random,
          clock,
          modem,
        });
  health = newHealth?.({
    config: given,
    store,
    retained,
    ring,
    startReason: reason,
    version,
    modem,
    now: () => clock.now(),
    log,
  });
  // The parts that a product has or not know settings of their own.
  const named = settingNames.concat(surroundings.update?.settingNames ?? [], health?.settingNames ?? []);
  const unknown = unknownSettings(config, settings, named);
  for (let i = 0; i < unknown.length; i++) log({ kind: "setting unknown", ...unknown[i] });
  const device = unidentified
    ? undefined
    : new Agent({
        session: {
          credentials,
          address: settings.server,
          port: settings.port,
          lifetime,
          edition: settings.edition,
          iv: settings.iv,
          contentFormat: settings.contentFormat,
        },
        crypto: moddableCryptography,
        random,
        transmission: narrowband,
        maxDatagram: family.sockets.largest,
        joined: family.sockets.joinsDatagrams === true ? newJoinedMessages?.() : undefined,
        link: modem,
        socket: { io: Udp, modem },
        application: safe
          ? safeApplication(thing, version, record, builtInOf(remoteSettings, health))
          : applicationOf(modem, clock, board),
        interval: settings.interval,
        reports: safe ? -1 : settings.reports,
        format: settings.payload,
        batch: settings.batch,
        payloadLimit: settings.payloadLimit,
        late: settings.late,
        flash: safe ? undefined : openJournalFlash(log),
        policy: settings.full,
        order: settings.order,
        spacing: settings.spacing,
        memory,
        sealing,
        update,
        health,
        remoteSettings,
        store,
        startReason: reason,
        starts: record,
        woken,
        retained,
        sleepsDeeply: deepSleep !== undefined,
        startSpread: settings.startSpread,
        keepAlive: safe || settings.keepAlive,
        radioBudget: settings.radioBudget,
        othersBudget: settings.othersBudget,
        logValues: settings.logValues,
        restart,
        newestLog: (length, skip) => (health ?? ring).newest(length, skip),
        now: () => clock.now(),
        wake: () => driver.wake(),
        log,
        troubles,
      });
  const agent = device ?? new Identification({ modem, store: storeDeviceKey, restart, log });
  const driver = new Driver({
    agent,
    now: () => clock.now(),
    timers: Timer,
    beforeWait: (now, event) => {
      // What is coming from the modem keeps the board from its sleep as what has come does.
      const disturbed = event || uart.receiving;
      const state = deepSleep === undefined ? undefined : device?.sleepState();
      // What the modem remembers is asked only when the board may sleep: each turn comes this way.
      const remembered = state === undefined ? undefined : modem.remembered;
      return deepSleep?.beforeWait(state, remembered, now, disturbed) ?? Infinity;
    },
    lightSleep: lightly ? new LightSleep(lightlySleepingBoard(port, receive, ri), modem) : undefined,
    onFault: (text) => log({ kind: "fault", text }),
  });

  uart.open(settings.baud ?? family.baud, { modem, driver });
  if (held !== undefined) releasePins(held);
  // After deep sleep the record has the time to the millisecond.
  const known = woken?.epoch === undefined ? clock.wall() : undefined;
  if (known !== undefined) agent.setTime(known, clock.now());
  const { interval, batch } = settings;
  log({ kind: "agent start", interval: 1000 * interval, batch, lifetime: 1000 * lifetime });
  // A start from deep sleep follows one that has succeeded.
  if (reason !== "deep-sleep") starts.succeeded();
  driver.start();
}

/** Names of the services that a safe start obeys as well. */
function builtInOf(...parts: (Pick<RemoteSettings, "services"> | undefined)[]): readonly string[] {
  let names = builtInServiceNames;
  for (let i = 0; i < parts.length; i++) names = names.concat(Object.keys(parts[i]?.services ?? {}));
  return names;
}

/** The product's own part. @throws SettingsError, ApplicationFault */
function applicationOf(modem: Modem, clock: Clock, board: Board): Application {
  try {
    return newApplication({
      random,
      rssi: () => modem.rssi,
      now: () => clock.now(),
      modem,
      board: board.name,
    });
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    throw new ApplicationFault(reasonOf(error));
  }
}
