/** A firmware that says that it is another one. */
declare function trace(...log: string[]): void;

export default function main(): void {
  trace("another firmware\n");
}
