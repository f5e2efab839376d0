/**
 * The board's C code, compiled here against stubs of ESP-IDF's headers, and its memory tried at the edges.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { retainedLength } from "../../../firmware/continuity/retained-memory";

/** What the C file includes of ESP-IDF, as far as it uses it. */
const stubs = {
  "driver/gpio.h":
    "typedef int gpio_num_t; int gpio_hold_en(gpio_num_t); int gpio_hold_dis(gpio_num_t);\n" +
    "void gpio_deep_sleep_hold_en(void); void gpio_deep_sleep_hold_dis(void);",
  "esp_attr.h": "#define RTC_NOINIT_ATTR",
  "esp_sleep.h":
    "#define ESP_SLEEP_WAKEUP_ALL 0\nint esp_sleep_disable_wakeup_source(int); void esp_deep_sleep(unsigned long long);",
  "soc/soc_caps.h": "#define SOC_GPIO_SUPPORT_HOLD_SINGLE_IO_IN_DSLP 1",
};

/** Writes and reads at the edges, and prints the CRC of the nine bytes that every table of CRCs gives. */
const trial = `
#include <stdint.h>
#include <stdio.h>
void retained_read(uint32_t, uint8_t *, uint32_t);
void retained_write(uint32_t, uint8_t *, uint32_t);
uint32_t retained_crc32(uint32_t, uint32_t);
int gpio_hold_en(int pin) { return pin; }
int gpio_hold_dis(int pin) { return pin; }
int esp_sleep_disable_wakeup_source(int source) { return source; }
void esp_deep_sleep(unsigned long long us) { (void)us; }
int main(void) {
  uint8_t bytes[16] = "123456789", back[16] = { 0 };
  retained_write(${retainedLength} - 9, bytes, 16);
  retained_read(${retainedLength} - 9, back, 16);
  retained_write(${retainedLength} + 1, bytes, 16);
  retained_write(0xfffffff0u, bytes, 16);
  printf("%s %08x %08x", (char *)back, retained_crc32(${retainedLength} - 9, 16), retained_crc32(0, 0));
}
`;

test("the board's C code compiles without a warning and keeps to its memory", () => {
  const folder = mkdtempSync(join(tmpdir(), "retained-"));
  try {
    for (const name of ["driver", "soc"]) mkdirSync(join(folder, name));
    for (const [name, text] of Object.entries(stubs)) writeFileSync(join(folder, name), `${text}\n`);
    writeFileSync(join(folder, "trial.c"), trial);
    const program = join(folder, "trial");
    const flags = [
      "-Wall",
      "-Wextra",
      "-Werror",
      "-fsanitize=address,undefined",
      "-I",
      folder,
      "-o",
      program,
    ];
    execFileSync("gcc", [...flags, join(folder, "trial.c"), "firmware/board/deep-sleep.c"]);
    const crc = crc32(Buffer.from("123456789")).toString(16);
    expect(execFileSync(program, { encoding: "utf8" })).toBe(`123456789 ${crc} 00000000`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
