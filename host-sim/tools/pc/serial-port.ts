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

/** @throws SerialPortError in one line: the package is not there, nor is the port, or it is not ours */
export async function openSerialPort(path: string, baudRate: number): Promise<SerialPort> {
  // Named by a variable, or the bundler and the compiler would want it to be there.
  const name = "serialport";
  const packaged = (await import(name).catch(() => undefined)) as
    { SerialPort: new (options: object, done: (error: Error | null) => void) => SerialPort } | undefined;
  if (packaged === undefined) {
    throw new SerialPortError(
      `${name} is not installed: it is an optional package, run npm ci without --omit=optional`,
    );
  }
  return new Promise((resolve, reject) => {
    const port = new packaged.SerialPort({ path, baudRate }, (error) => {
      if (error === null) return resolve(port);
      const reason = error.message.split("\n")[0].replace(/^Error: /, "");
      reject(new SerialPortError(`${path} cannot be opened: ${reason}`));
    });
  });
}
