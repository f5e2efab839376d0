/**
 * `embedded:sensor/Humidity-Temperature/SHT3x` for the simulated board: a driver of this project's own, by the
 * datasheet and in the shape that ECMA-419 gives to sensors, in the place of the SDK's class, which is not here. With
 * an SDK at hand, test/host-sim/sim/board/sdk-sht3x.test.ts runs its class over the same simulated part.
 */
import Timer from "./timer";

const softReset = 0x30a2;
const singleShot = 0x2400;
/** ms that these take at most. */
const resetsIn = 2;
const measuresIn = 16;

interface Bus {
  write(bytes: Uint8Array): void;
  read(bytes: Uint8Array): number;
  close(): void;
}

interface Sample {
  readonly thermometer: { temperature?: number };
  readonly hygrometer: { humidity?: number };
}

export default class SHT3x {
  #bus: Bus | undefined;
  readonly #onError: ((reason: string) => void) | undefined;
  readonly #command = new Uint8Array(2);
  readonly #result = new Uint8Array(6);

  constructor({
    sensor,
    onError,
  }: {
    sensor: { io: new (options: object) => Bus; [option: string]: unknown };
    onError?: (reason: string) => void;
  }) {
    this.#onError = onError;
    this.#bus = new sensor.io({ hz: 400_000, address: 0x44, ...sensor });
    this.#send(softReset, resetsIn);
  }

  configure(): void {}

  sample(): Sample {
    this.#send(singleShot, measuresIn);
    this.#opened().read(this.#result);
    const sample: Sample = { thermometer: {}, hygrometer: {} };
    const [t, h] = [this.#word(0), this.#word(3)];
    if (t !== undefined) sample.thermometer.temperature = -45 + (175 * t) / 65_535;
    if (h !== undefined) sample.hygrometer.humidity = (100 * h) / 65_535;
    if (t === undefined || h === undefined) this.#onError?.("bad checksum");
    return sample;
  }

  close(): void {
    this.#bus?.close();
    this.#bus = undefined;
  }

  #opened(): Bus {
    if (this.#bus === undefined) throw new Error("closed");
    return this.#bus;
  }

  #send(code: number, wait: number): void {
    this.#command[0] = code >> 8;
    this.#command[1] = code & 0xff;
    this.#opened().write(this.#command);
    Timer.delay(wait);
  }

  /** The word at this place of the result; undefined where its checksum is another. */
  #word(at: number): number | undefined {
    let crc = 0xff;
    for (let i = at; i < at + 2; i++) {
      crc ^= this.#result[i];
      for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x131) & 0xff : crc << 1;
    }
    return crc === this.#result[at + 2] ? (this.#result[at] << 8) | this.#result[at + 1] : undefined;
  }
}
