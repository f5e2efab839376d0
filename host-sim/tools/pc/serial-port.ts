/**
 * A serial port of this PC, by the optional package serialport.
 */

/** Why there is none. */
export class SerialPortError extends Error {
  override name = "SerialPortError";
}

/** What is used of the package's port. */
export interface SerialPort {
  write(bytes: Uint8Array, done?: () => void): void;
  set(lines: object, done: () => void): void;
  update(options: { readonly baudRate: number }, done: (error?: Error | null) => void): void;
  on(event: "data" | "error" | "close", run: (value: never) => void): void;
  close(done: () => void): void;
}

export interface SerialPortOptions {
  /**
   * False: DTR and RTS stay as they are when the port is closed. Most boards are reset by the two together, so whoever
   * only listens lets go of them as late as can be.
   */
  readonly hangUp?: boolean;
}

/**
 * Opens it. The system raises DTR and RTS together, which the usual circuit of a board takes for no reset.
 *
 * @throws SerialPortError in one line: the package is not there, nor is the port, or it is not ours, and what to do
 */
export async function openSerialPort(
  path: string,
  baudRate: number,
  { hangUp = true }: SerialPortOptions = {},
): Promise<SerialPort> {
  // Named by a variable, or the bundler and the compiler would want it to be there.
  const name = "serialport";
  const packaged = (await import(name).catch(() => undefined)) as { SerialPort: PackagedPort } | undefined;
  if (packaged === undefined) {
    throw new SerialPortError(
      `${name} is not installed: it is an optional package, run npm ci without --omit=optional`,
    );
  }
  return new Promise((resolve, reject) => {
    const port = new packaged.SerialPort({ path, baudRate, hupcl: hangUp }, (error) => {
      if (error === null) return resolve(port);
      void refusal(path, error, packaged.SerialPort).then((text) => reject(new SerialPortError(text)));
    });
  });
}

/** The package's class. */
interface PackagedPort {
  new (options: object, done: (error: Error | null) => void): SerialPort;
  list(): Promise<readonly { readonly path: string; readonly vendorId?: string }[]>;
}

/** Ports that are named where the one that was asked for is not there. */
const mostNamed = 6;

/** Why, and what to do about it. */
async function refusal(path: string, error: Error, packaged: PackagedPort): Promise<string> {
  const reason = error.message.split("\n")[0].replace(/^Error:? /, "");
  const said = `${path} cannot be opened: ${reason}`;
  if (/lock|busy|denied access|EBUSY/i.test(reason)) {
    return `${said}; another program has it: close it, such as xsbug, a terminal or another monitor`;
  }
  if (/permission denied|EACCES/i.test(reason)) {
    return `${said}; it is not yours: on Linux, sudo usermod -aG dialout $USER and log in anew`;
  }
  if (!/no such file|not found|ENOENT/i.test(reason)) return said;
  // What is soldered to the machine itself is no board's.
  const ports = await packaged.list().catch(() => []);
  const names = ports.filter(({ vendorId }) => vendorId !== undefined).map((port) => port.path);
  const there = names.slice(0, mostNamed).join(", ");
  return `${said}; ${there === "" ? "no USB serial port is there: is the board plugged in?" : `there are ${there}`}`;
}
