/**
 * When the board sleeps lightly: while it waits for what the modem says by itself, an answer from the cloud above all.
 *
 * All clocks of the chip stand still then, and so does its UART. The first bit that comes, or the modem's RI, wakes it;
 * what comes until the clocks run again is lost. So it is done only
 *
 *   - where little is lost: RI is wired, or the rate is so low that it is the line end before a line of the modem's;
 *   - while nothing is asked of the modem, as an answer to a command comes soon;
 *   - until something is lost all the same, because RI comes too late or is not wired: a line that woke the board and
 *     that nobody knows has lost its name, and after it the board waits awake until it starts anew; a datagram that had
 *     to be sent twice with nothing heard between, and it does so until it hears from the cloud.
 *
 * It has not been tried on a board.
 */

/** What light sleep needs of the board. */
export interface LightlySleepingBoard {
  /** Sleeps for so many ms at most, or until the modem says something. To be called last in a turn. */
  sleepLightly(duration: number): void;
}

/** The modem's driver, as light sleep sees it. */
export interface LightSleepModem {
  /** Nothing is asked of the modem, and what was sent to the cloud was not sent in vain so far. */
  readonly mayMissAWord: boolean;
  /** Datagrams can be sent: the modem has woken, and says no more of what it says then. */
  readonly ready: boolean;
  /** How many lines have come that nobody knows. */
  readonly unknownLines: number;
}

/**
 * ms from the first bit to running clocks, at most. ESP-IDF v6.0 has the ESP32 wait 1 ms for its crystal, and takes 0.48
 * and 0.06 ms more in software and hardware (RTC_CNTL_XTL_BUF_WAIT_SLP_US in esp32's soc/rtc.h, sleep_modes.c); other
 * chips take less.
 */
const clocksRun = 1.6;
/** Characters before a line of the modem's that may be lost: CR and LF. */
const lineEnd = 2;
/** How long nothing must have happened, ms: more of what has come may follow, and the log has to leave. */
const quietBefore = 20;
/** Shortest sleep that is worth it, and longest at once, ms: the watchdog waits 30 s. */
const shortest = 20;
const longest = 20_000;

/** Whether no more is lost than a line end. @param baud bit/s of the modem's UART, 8N1 */
export function losesLineEndOnly(baud: number): boolean {
  return Math.ceil((clocksRun * baud) / 10_000) <= lineEnd;
}

/** Has the board sleep lightly while it waits. */
export class LightSleep {
  readonly #board: LightlySleepingBoard;
  readonly #modem: LightSleepModem;
  #may = false;
  /** Lines that nobody knew before the last sleep; undefined when the last turn ended without one. */
  #unknown: number | undefined;
  /** A line has lost its name. */
  #loses = false;

  constructor(board: LightlySleepingBoard, modem: LightSleepModem) {
    this.#board = board;
    this.#modem = modem;
  }

  /**
   * To be called after every turn of the firmware: after how many ms at most the next one must come.
   *
   * @param disturbed the turn was for something that came from outside
   */
  beforeWait(disturbed: boolean): number {
    const { ready, unknownLines, mayMissAWord } = this.#modem;
    if (ready && this.#unknown !== undefined && unknownLines > this.#unknown) this.#loses = true;
    this.#unknown = undefined;
    this.#may = !disturbed && !this.#loses && mayMissAWord;
    return this.#may ? longest : disturbed ? quietBefore : Infinity;
  }

  /** The timer of the next turn is set. @param wait ms until then */
  afterTurn(wait: number): void {
    if (!this.#may || wait < shortest) return;
    this.#unknown = this.#modem.unknownLines;
    this.#board.sleepLightly(wait);
  }
}
