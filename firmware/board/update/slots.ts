/**
 * The board's places for an update: the slots of its image, the partition where an update is kept meanwhile, and the
 * boot loader, by the SDK's flash and by update.c. Partition tables differ from board to board: one without them works,
 * and is not updated.
 */
import flash from "embedded:storage/flash";
import { boardFunctions } from "../native";
import type { Flash } from "../../journal/flash";
import type { UpdateBoard } from "../../device/optional-parts";
import type { Slots } from "../../update/slots";

/** Names of the SDK's for the slots, and of the data partition. */
const runningSlot = "running";
const otherSlot = "nextota";
const partition = "update";

/** `ESP_OTA_IMG_PENDING_VERIFY` of `esp_ota_img_states_t`. */
const pendingVerify = 1;

/** What an update needs of the board, or why this one has not all of it. */
export function openUpdateBoard(): UpdateBoard | string {
  try {
    const running = flash.open({ path: runningSlot, mode: "r" }) as Flash;
    const other = flash.open({ path: otherSlot }) as Flash;
    const staging = flash.open({ path: partition }) as Flash;
    return { slots: new BoardSlots(running, other), staging, verify };
  } catch (error) {
    return error instanceof Error ? error.message : "unknown";
  }
}

/** The slots by ESP-IDF. */
class BoardSlots implements Slots {
  readonly running: Pick<Flash, "status" | "read">;
  readonly other: Flash;

  constructor(running: Flash, other: Flash) {
    this.running = running;
    this.other = other;
  }

  get unconfirmed(): boolean {
    return boardFunctions().enos_update_state() === pendingVerify;
  }

  activate(): string | undefined {
    return reasonFor(boardFunctions().enos_update_activate());
  }

  confirm(): void {
    boardFunctions().enos_update_confirm();
  }

  back(): string | undefined {
    return reasonFor(boardFunctions().enos_update_back());
  }
}

function verify(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  const functions = boardFunctions();
  return functions.enos_verify(bufferOf(publicKey), bufferOf(digest), bufferOf(signature)) === 1;
}

/** The FFI takes whole buffers. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}

function reasonFor(code: number): string | undefined {
  return code === 0 ? undefined : `esp_err ${code}`;
}
