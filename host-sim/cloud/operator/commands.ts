/**
 * What an operator does with commands: queues them for a device, follows, withdraws and repeats them.
 */
import { addressedCommand, isAddressed } from "../enos/addressed-command";
import { encodeCommand, isScripted } from "../enos/command-encoding";
import type { Command, EncodedCommand } from "../enos/command-encoding";
import type { CommandTimes, CommandView } from "../enos/command-entry";
import { shortId } from "../enos/command-ids";
import type { CommandIds } from "../enos/command-ids";
import { CommandRefused } from "../enos/commands";
import { ridingFault } from "../enos/service";
import { nameOf } from "../events";
import type { Upgrades } from "../ota/upgrades";
import type { CloudDevice } from "../registry/cloud-device";
import type { OperatorContext } from "./operator-context";

/** The commands to the devices of one cloud. */
export class Commands {
  readonly #context: OperatorContext;
  readonly #ids: CommandIds;
  readonly #upgrades: Upgrades;

  /**
   * @param ids of the commands to come
   * @param upgrades told of a command that never comes to its device
   */
  constructor(context: OperatorContext, ids: CommandIds, upgrades: Upgrades) {
    this.#context = context;
    this.#ids = ids;
    this.#upgrades = upgrades;
  }

  /**
   * Queues a command; it leaves when the device next speaks, behind those that wait already. Returns its id.
   * @throws RangeError for an unknown device or a command that cannot be sent; CommandRefused for one that cannot be
   *   taken now
   */
  send(
    productKey: string,
    deviceKey: string,
    command: Command,
    now: number,
    times: Partial<CommandTimes> = {},
  ): string {
    this.#context.advance(now);
    const id = this.queue(this.#context.fleet.known(productKey, deviceKey), command, times);
    this.#context.flush();
    return id;
  }

  /**
   * The same as an operator does it who knows his product: a command of a sealed one names its device.
   * @throws RangeError and CommandRefused as `send`
   */
  sendAddressed(
    productKey: string,
    deviceKey: string,
    command: Command,
    now: number,
    times: Partial<CommandTimes> = {},
  ): string {
    const { fleet } = this.#context;
    const device = fleet.known(productKey, deviceKey);
    const hasSealed = device.seal !== undefined && device.seal.opened > 0;
    const isNamed = isAddressed(fleet.productOf(device).model, hasSealed);
    return this.send(
      productKey,
      deviceKey,
      isNamed ? addressedCommand(command, deviceKey) : command,
      now,
      times,
    );
  }

  /** Queues a command, also while a request is being carried out. @throws RangeError as `send` */
  queue(device: CloudDevice, command: Command, times: Partial<CommandTimes>): string {
    const { id, encoded } = this.#encode(command, device);
    const { kind, service, path, payload } = encoded;
    const fault = ridingFault(device, this.#context.fleet.productOf(device), path, payload);
    if (fault !== undefined) throw new RangeError(fault);
    device.commands.add(id, encoded, this.#context.time(), times, device.state === "online");
    this.#context.wake(device.commands.deadline);
    this.#context.emit({ type: "command-queued", ...nameOf(device), id, path, kind, service });
    return id;
  }

  /**
   * A command under an id that no other has: of 62 bits, or of 32 where the product's parsing script makes no bytes of
   * a longer one.
   */
  #encode(command: Command, device: CloudDevice): { id: string; encoded: EncodedCommand } {
    const product = this.#context.fleet.productOf(device);
    const scripted = isScripted(command, product);
    const takeId = (isShort: boolean): string => {
      for (;;) {
        const long = this.#ids.next();
        const id = isShort ? shortId(long) : long;
        // Somebody may have given a raw command this number by hand, or a cloud before this one did.
        if (this.#context.fleet.commandHolder(id) === undefined && !device.commands.awaits(Number(id)))
          return id;
      }
    };
    const id = takeId(scripted && product.hasShortIds);
    try {
      return { id, encoded: encodeCommand(id, command, product) };
    } catch (error) {
      if (!scripted || product.hasShortIds) throw error;
      const short = takeId(true);
      let encoded: EncodedCommand;
      try {
        encoded = encodeCommand(short, command, product);
      } catch {
        throw error;
      }
      product.hasShortIds = true;
      this.#context.emit({ type: "script-refuses-ids", ...nameOf(device) });
      return { id: short, encoded };
    }
  }

  /** A command that is still kept. */
  view(id: string): CommandView | undefined {
    const device = this.#context.fleet.commandHolder(id);
    return device?.commands.view(id, device.productKey, device.deviceKey);
  }

  /** The commands kept for a device, oldest first; empty for an unknown one. */
  list(productKey: string, deviceKey: string): CommandView[] {
    return this.#context.fleet.device(productKey, deviceKey)?.commands.views(productKey, deviceKey) ?? [];
  }

  /**
   * Withdraws a command that has not been sent yet.
   * @throws RangeError for a command that is not kept; CommandRefused for one that does not wait any more
   */
  revoke(id: string, now: number): void {
    this.#context.advance(now);
    const device = this.#context.fleet.commandHolder(id);
    const status = device?.commands.view(id, device.productKey, device.deviceKey)?.status;
    if (device === undefined || status === undefined) throw new RangeError(`no command ${id}`);
    if (!this.withdraw(device, id)) {
      const how = status === "sent" ? "it has been sent already" : `it has come to its end: ${status}`;
      throw new CommandRefused("not waiting", `command ${id} cannot be revoked: ${how}`);
    }
    this.#context.flush();
  }

  /** Withdraws a command, also while a request is being carried out; false, and no effect, when it does not wait. */
  withdraw(device: CloudDevice, id: string): boolean {
    if (!device.commands.revoke(id, this.#context.time())) return false;
    this.#context.emit({ type: "command-revoked", ...nameOf(device), id });
    this.#upgrades.commandLost(device, id);
    return true;
  }

  /**
   * Withdraws all commands of a device that have not been sent yet; returns their ids.
   * @throws RangeError for an unknown device
   */
  revokeAll(productKey: string, deviceKey: string, now: number): string[] {
    this.#context.advance(now);
    const device = this.#context.fleet.known(productKey, deviceKey);
    const ids = device.commands.views(productKey, deviceKey).map(({ id }) => id);
    const revoked = ids.filter((id) => this.withdraw(device, id));
    this.#context.flush();
    return revoked;
  }

  /**
   * Sends a command again that has been answered, or has not yet, as a server does that lost track of it.
   * @throws RangeError for a command that is not kept
   */
  repeat(id: string, now: number): void {
    this.#context.advance(now);
    const device = this.#context.fleet.commandHolder(id);
    if (device?.commands.repeat(id, this.#context.time()) !== true) throw new RangeError(`no command ${id}`);
    this.#context.wake(device.commands.deadline);
    this.#context.flush();
  }
}
