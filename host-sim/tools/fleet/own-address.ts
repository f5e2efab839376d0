/** Whether a server is this machine: a load is for one's own. */
import { networkInterfaces } from "node:os";

/** Whether an IPv4 address is one of this machine's. */
export function isOwnAddress(address: string, interfaces = networkInterfaces()): boolean {
  if (address.startsWith("127.")) return true;
  return Object.values(interfaces).some((each) => each?.some((one) => one.address === address) === true);
}
