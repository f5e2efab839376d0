/**
 * `embedded:io/smbus`: a bus on which nobody answers, for the simulated board has no chip on it.
 */
export default class SMBus {
  constructor(options: { data: number; clock: number; hz: number; address: number }) {
    if (options.address === undefined) throw new Error("address required");
  }

  readUint8(register: number): number {
    throw new Error(`write failed: register ${register}`);
  }

  writeUint8(register: number): void {
    throw new Error(`write failed: register ${register}`);
  }

  close(): void {}
}
