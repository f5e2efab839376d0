/**
 * UDP on a modem: a socket for each owner, connected to one peer at a time, and an outbox before them.
 *
 * A datagram that the modem refuses is tried once more on a new socket, and then without release assistance,
 * which not every firmware knows; a datagram lost beyond that CoAP sends again. A modem that keeps what it
 * receives is read until it is empty: when it hints at something, and now and then while an answer is
 * expected, for hints get lost. What comes from another address than the peer's, where the modem tells that, is no
 * answer; of what else comes the owner may say so (`awaitAnswer`).
 */
import { equals } from "../../text/ascii";
import { probe, runScript } from "../at/script";
import { Channels } from "./channels";
import { forgetOldGaps, has, lacks, miss } from "../at/firmware-gaps";
import type { AtEngine, AtResult } from "../at/engine";
import type { Channel, RememberedSocket, SocketSurvival } from "./channels";
import type { HostNames } from "./host-names";
import type { ModemOptions } from "./modem-options";
import type { DriverState } from "./driver-state";
import type { Family, ModemUrc, Received, SocketTraits } from "../family/family";
import type { ScriptResult } from "../at/script";
import type { DatagramOwner } from "../udp";

/**
 * Least time between two datagrams as long as nothing comes back, ms: three seconds on the air, and by how much the
 * commands in front of a datagram may be quicker than those in front of the one before. What had to wait for the
 * modem, retransmissions among it, would else go out in one burst.
 */
const usualPace = 3_500;
/** What of it the commands take, ms. */
const commandSpread = 500;
/** Datagrams that may wait for the modem. */
const outboxLimit = 4;
/** First look for an answer whose hint may be lost, ms; each further look after twice the time. */
const firstLook = 4_000;
const lastLook = 64_000;
/** No answer comes sooner over NB-IoT, ms. */
const soonest = 300;
/** Prompts in a row that may be missing until the modem counts as deaf. */
const mostUnprompted = 3;
/** Words until a modem that owes a prompt counts as deaf. */
const promptProbes = 10;
/** Most datagrams read in a row: a modem that always has one more must not stop all else. */
const readsAtOnce = 16;

interface OutgoingDatagram {
  readonly channel: Channel;
  readonly bytes: Uint8Array;
  readonly address: string;
  readonly port: number;
  readonly releaseAfterReply: boolean;
  /** How often the modem has refused the datagram. */
  refused: number;
}

/** The parts of the driver that sockets work with. */
export interface SocketsParts {
  readonly driver: DriverState;
  readonly family: Family;
  readonly names: HostNames;
  readonly at: AtEngine;
  readonly options: ModemOptions;
  /** Is told when no datagram waits any more. */
  readonly sleep: { permit(now: number): void };
  /** Is told when one was handed over. */
  readonly attach: { sent(now: number): void };
}

/** UDP on a modem: a socket for each owner, connected to one peer at a time, and an outbox before them. */
export class Sockets {
  readonly #parts: SocketsParts;
  readonly #channels: Channels;
  #outbox: OutgoingDatagram[] = [];
  /** A command of the sockets is in flight. */
  #working = false;
  /** A datagram is being handed to the modem. */
  #sending = false;
  /** When the last datagram was handed over, ms. */
  #sentAt = -Infinity;
  /** Sockets refused in a row. */
  #refusals = 0;
  /** Prompts in a row that did not come. */
  #unprompted = 0;
  /** The next datagram is not sent earlier, ms. */
  #notBefore = 0;

  constructor(parts: SocketsParts) {
    this.#parts = parts;
    this.#channels = new Channels(parts.family.sockets);
  }

  private get traits(): SocketTraits {
    return this.#parts.family.sockets;
  }

  private get pace(): number {
    return this.#parts.options.pace ?? usualPace;
  }

  /** Whether the modem is registered and awake. */
  private get ready(): boolean {
    return this.#parts.driver.state === "up";
  }

  /** When `pump` wants to be called, ms. */
  get deadline(): number {
    if (this.#working || !this.ready) return Infinity;
    let due = this.#outbox.length > 0 ? this.#notBefore : Infinity;
    const { all } = this.#channels;
    for (let i = 0; i < all.length; i++) if (all[i].id !== undefined) due = Math.min(due, lookAtOf(all[i]));
    return due;
  }

  /** Whether a datagram waits to be sent. */
  get waiting(): boolean {
    return this.#outbox.length > 0;
  }

  /** What of the sockets outlives the ESP32's deep sleep: see `restore`. */
  get remembered(): RememberedSocket {
    return this.#channels.first;
  }

  /** Takes back what `remembered` gave. */
  restore(socket: RememberedSocket): void {
    this.#parts.names.restore(socket.address);
    this.#channels.restore(socket);
  }

  open(owner: DatagramOwner): void {
    this.#channels.open(owner);
  }

  close(owner: DatagramOwner, now: number): void {
    const channel = this.#channels.of(owner);
    if (channel === undefined) return;
    this.#channels.remove(channel);
    this.#outbox = this.#outbox.filter((datagram) => datagram.channel !== channel);
    if (channel.id === undefined || !this.ready) return;
    runScript(this.#parts.at, this.traits.close(channel.id), () => {}, now);
  }

  /** Takes a datagram for `pump` to send; the oldest makes room. False when it can never be sent. */
  add(owner: DatagramOwner, bytes: Uint8Array, address: string, port: number, release: boolean): boolean {
    const channel = this.#channels.of(owner);
    if (channel === undefined) return false;
    const { largest } = this.traits;
    if (bytes.length > largest) {
      owner.failDatagram(`datagram of ${bytes.length} bytes, the modem takes ${largest}`);
      return false;
    }
    // A retransmission of a datagram that still waits is that datagram.
    for (let i = 0; i < this.#outbox.length; i++) {
      if (this.#outbox[i].channel === channel && equals(this.#outbox[i].bytes, bytes)) return true;
    }
    if (this.#outbox.length >= outboxLimit) this.#outbox.shift();
    this.#outbox.push({ channel, bytes, address, port, releaseAfterReply: release, refused: 0 });
    return true;
  }

  /** The modem has no sockets any more. */
  forget(): void {
    this.#channels.loseAll();
  }

  /** The command in flight was given up; what it was to send waits. */
  interrupt(): void {
    this.#working = false;
    this.#sending = false;
  }

  /** Nothing that waits will be sent. */
  drop(): void {
    this.interrupt();
    this.#outbox = [];
    this.forget();
  }

  /**
   * The modem was woken: which of its sockets has lived on is asked, where it tells, or the next datagram shows it. Where
   * that was in vain twice in a row they are taken for gone, without a question.
   *
   * @param started the wake was a start: without an answer there is no such socket any more, and nothing to be closed
   * @param asleep the modem was asleep for certain, and not only its UART
   */
  afterSleep(started: boolean, asleep: boolean, now: number): SocketSurvival {
    const { family, driver } = this.#parts;
    const { gaps } = driver;
    if (asleep && lacks(gaps, "sockets")) this.#channels.vanish();
    // One that wakes as it was has its sockets still; if not, the next datagram tells.
    if (!family.sleep.boots) return this.#channels.doubt(asleep);
    const told = (alive: boolean): void => {
      if (!asleep) return;
      if (alive) has(gaps, "sockets");
      else miss(gaps, "sockets", now);
    };
    return this.#channels.survival(started, told);
  }

  /** Reads what waits, and sends what waits, one datagram at a time. */
  pump(now: number): void {
    if (!this.ready || this.#working) return;
    const { all } = this.#channels;
    for (let i = 0; i < all.length; i++) {
      const channel = all[i];
      if (channel.id !== undefined && now >= lookAtOf(channel)) return this.read(channel, readsAtOnce, now);
    }
    if (this.#outbox.length === 0 || now < this.#notBefore) return;
    const datagram = this.#outbox[0];
    const { channel, bytes, address, port } = datagram;
    this.#working = true;
    const peer = this.#parts.names.addressOf(address, channel.index === 0);
    if (channel.id === undefined || peer === undefined || channel.peer !== peer || channel.port !== port) {
      return this.connect(datagram, now);
    }
    channel.address = address;
    this.#sending = true;
    // Counted from the command: without an OK the datagram may have left all the same.
    this.#notBefore = now + this.pace;
    const { traits } = this;
    const engine = this.#parts.at;
    const { gaps } = this.#parts.driver;
    forgetOldGaps(gaps, now);
    const release = datagram.refused < 2 && this.mayRelease(datagram);
    const steps = traits.send(channel.id, bytes, peer, port, release, gaps);
    // What stands in front of the sending asks for release assistance.
    if (release && steps.length > 1) steps[0] = { ...steps[0], gap: "release" };
    runScript(engine, steps, (outcome, at) => this.sent(datagram, outcome, at), now, gaps);
  }

  /** Release assistance is asked for with it, as far as the modem's firmware is known to have that. */
  private mayRelease({ releaseAfterReply }: OutgoingDatagram): boolean {
    return releaseAfterReply && !lacks(this.#parts.driver.gaps, "release");
  }

  /** Acts on what the modem says of its sockets. */
  take(urc: ModemUrc, now: number): void {
    if (urc.kind === "unreadable") return this.#parts.driver.log("urc unreadable");
    if (urc.kind === "no-context") return this.forget();
    if (urc.kind !== "data" && urc.kind !== "datagram" && urc.kind !== "closed") return;
    const channel = this.#channels.withSocket(urc.socket);
    if (urc.kind === "closed") {
      this.#parts.driver.log(`socket closed reason=${urc.reason}`);
      if (channel !== undefined) this.#channels.lose(channel);
      return;
    }
    // A datagram that is being handed to the modem, or was just now, has no answer yet: this is an older
    // one's.
    const early = this.#sending || now - this.#sentAt < soonest;
    if (!early && urc.kind === "datagram") this.#notBefore = 0;
    if (channel === undefined) return;
    if (urc.kind === "data") {
      // The same hint, doubled, makes an answer no later.
      channel.early = early && (channel.early || !channel.hinted);
      channel.hinted = true;
    } else {
      channel.owner.receiveDatagram(urc.bytes, channel.address, channel.port, urc.cut === true);
    }
  }

  /** @param left reads that may follow in this row. @param rest what is read may be the rest of a longer datagram */
  private read(channel: Channel, left: number, now: number, rest = false): void {
    const { traits } = this;
    const engine = this.#parts.at;
    channel.hinted = false;
    this.planLook(channel, now);
    if (traits.read === undefined) return;
    this.#working = true;
    let received: Received | undefined;
    runScript(
      engine,
      traits.read(channel.id!, (datagram) => (received = datagram)),
      (outcome, at) => {
        const { result, failed } = outcome;
        if (result.kind === "aborted") return;
        this.#working = false;
        if (result.kind === "timeout") return this.#parts.driver.faults.silence(at);
        if (result.kind === "error") {
          this.#parts.driver.refused(failed!, result);
          this.#parts.driver.log({ kind: "modem read refused" });
          this.#channels.lose(channel);
        } else if (received !== undefined) {
          const full = received.bytes.length >= (traits.readLimit ?? Infinity);
          const short = received.cut === true;
          if (short) this.#parts.driver.log("read came short");
          if (!rest) this.deliver(channel, received, full || short);
          // An older one may have come without a hint, while nobody listened: only an answer without data is the end.
          if (left > 1 && channel.id !== undefined) return this.read(channel, left - 1, at, full);
        }
        this.next(at);
      },
      now,
    );
  }

  private deliver(channel: Channel, { bytes, address, port }: Received, cut: boolean): void {
    const { early } = channel;
    channel.early = false;
    // A stranger's, where the modem tells: no answer, and nobody's.
    if (address !== undefined && (address !== channel.peer || port !== channel.port)) return;
    if (!early) {
      channel.answered = true;
      this.#notBefore = 0;
    }
    channel.owner.receiveDatagram(bytes, channel.address, channel.port, cut);
  }

  /** What has come for `owner` was no answer to what went out last, which is still waited for. */
  awaitAnswer(owner: DatagramOwner): void {
    const channel = this.#channels.of(owner);
    if (channel !== undefined) channel.answered = false;
  }

  /** An answer is expected: plans to look for it without a hint, less and less often. */
  private planLook(channel: Channel, now: number): void {
    if (now < channel.lookAt) return;
    channel.lookAfter *= 2;
    channel.lookAt = channel.lookAfter > lastLook ? Infinity : now + channel.lookAfter;
  }

  /** What is due next, after a read or a send. */
  private next(now: number): void {
    this.pump(now);
    if (!this.#working && this.#outbox.length === 0) this.#parts.sleep.permit(now);
  }

  private sent(datagram: OutgoingDatagram, { result, failed }: ScriptResult, now: number): void {
    if (result.kind === "aborted") return;
    this.#working = false;
    this.#sending = false;
    this.#sentAt = now;
    const { channel } = datagram;
    this.learn(channel, result, now);
    const unprompted = result.kind === "timeout" && result.unprompted === true;
    this.#unprompted = unprompted ? this.#unprompted + 1 : 0;
    if (result.kind === "error" || (unprompted && this.#unprompted <= mostUnprompted)) {
      if (result.kind === "error") {
        this.#parts.driver.refused(failed!, result, true);
        this.#parts.driver.log({ kind: "modem send refused", code: result.code });
        this.#channels.lose(channel);
      }
      this.#notBefore = 0;
      datagram.refused += 1;
      if (datagram.refused > (this.mayRelease(datagram) ? 2 : 1)) {
        this.remove(datagram);
        channel.owner.failDatagram("the modem refuses the datagram");
      }
      if (unprompted) this.awaitPrompt(now);
      else this.pump(now);
      return;
    }
    this.remove(datagram);
    if (result.kind !== "ok") return this.#parts.driver.faults.silence(now);
    this.#refusals = 0;
    // A board that stands still, such as to erase flash, writes the command later than at the time of its turn.
    this.#notBefore = Math.max(this.#notBefore, now + this.pace - commandSpread);
    if (datagram.refused === 2 && this.mayRelease(datagram)) {
      // With it the datagram was refused twice, and taken without.
      miss(this.#parts.driver.gaps, "release", now);
      miss(this.#parts.driver.gaps, "release", now);
    }
    this.#parts.attach.sent(now);
    if (this.traits.read !== undefined) {
      channel.answered = false;
      channel.lookAfter = firstLook;
      channel.lookAt = now + firstLook;
    }
    this.next(now);
  }

  /** The first datagram behind a sleep tells whether the modem keeps its sockets over it. */
  private learn(channel: Channel, { kind }: AtResult, now: number): void {
    const { gaps } = this.#parts.driver;
    if (channel.doubted && kind === "ok") has(gaps, "sockets");
    else if (channel.doubted && kind === "error") miss(gaps, "sockets", now);
    if (kind !== "timeout") channel.doubted = false;
  }

  /**
   * The prompt may come yet, and whatever is said then is data. A modem obeys in order: once it answers a word,
   * no prompt is owed.
   */
  private awaitPrompt(now: number): void {
    const { at: engine, driver } = this.#parts;
    driver.log("send without a prompt");
    this.#working = true;
    const asked = (answered: boolean, at: number): void => {
      this.#working = false;
      if (answered) this.pump(at);
      else driver.faults.silence(at);
    };
    probe(engine, promptProbes, asked, now);
  }

  private remove(datagram: OutgoingDatagram): void {
    const index = this.#outbox.indexOf(datagram);
    if (index >= 0) this.#outbox.splice(index, 1);
  }

  private connect(datagram: OutgoingDatagram, now: number): void {
    const { traits } = this;
    const { driver, names, at: engine } = this.#parts;
    const { channel, address, port } = datagram;
    const first = datagram.channel.index === 0;
    if (names.isAsked(address, first, now))
      return names.ask(address, (at) => this.connect(datagram, at), now);
    const peer = names.addressOf(address, first);
    if (peer === undefined) {
      this.#working = false;
      this.remove(datagram);
      channel.owner.failDatagram("the server's name has no address");
      return this.pump(now);
    }
    let id: number | undefined;
    // Closed first: a socket left over from before a reset of the ESP32 (modems count from 0), given up, or
    // to another peer, would use up the few that there are. One that has started anew has none.
    const leftOver = channel.id ?? channel.lastId;
    this.#channels.lose(channel);
    const steps = [
      ...(leftOver < 0 ? [] : traits.close(leftOver)),
      ...traits.open(channel.index, peer, port, (opened) => (id = opened)),
    ];
    runScript(
      engine,
      steps,
      (outcome, at) => {
        const { result, failed } = outcome;
        if (result.kind === "error") driver.refused(failed!, result);
        // Should it have one all the same, that is closed before the next try.
        channel.lastId = id ?? (leftOver < 0 ? channel.index : leftOver);
        if (result.kind !== "ok" || id === undefined) return this.refused(datagram, result, at);
        driver.log(`socket id=${id} peer=${peer}:${port}`);
        channel.id = id;
        channel.address = address;
        channel.peer = peer;
        channel.port = port;
        this.#working = false;
        this.pump(at);
      },
      now,
    );
  }

  private refused(datagram: OutgoingDatagram, result: AtResult, now: number): void {
    if (result.kind === "aborted") return;
    this.#working = false;
    if (result.kind !== "timeout") {
      this.#refusals += 1;
      // The sockets that were taken for gone may be why.
      has(this.#parts.driver.gaps, "sockets");
      // Mostly it was too soon, or the context is gone: the datagram waits until that was asked for.
      if (this.#refusals === 1) return this.#parts.driver.faults.socketRefused(1, now);
    }
    this.remove(datagram);
    if (result.kind === "timeout") this.#parts.driver.faults.silence(now);
    else this.#parts.driver.faults.socketRefused(this.#refusals, now);
    datagram.channel.owner.failDatagram("the modem opens no socket");
  }
}

/** When a socket is to be read, ms: at once behind a hint. */
function lookAtOf({ hinted, answered, lookAt }: Channel): number {
  if (hinted) return 0;
  return answered ? Infinity : lookAt;
}
