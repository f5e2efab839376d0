/**
 * The board's C code, compiled here against stubs of ESP-IDF's headers: its memory tried at the edges, its chance
 * against RFC 8439.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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
  "bootloader_random.h": "void bootloader_random_enable(void); void bootloader_random_disable(void);",
  "esp_random.h": "#include <stdint.h>\nuint32_t esp_random(void);",
  "soc/soc_caps.h": "#define SOC_GPIO_SUPPORT_HOLD_SINGLE_IO_IN_DSLP 1",
};

/** Writes and reads at the edges, and prints the CRC of the nine bytes that every table of CRCs gives. */
const trial = `
#include <stdint.h>
#include <stdio.h>
void enos_retained_read(uint32_t, uint8_t *, uint32_t);
void enos_retained_write(uint32_t, uint8_t *, uint32_t);
uint32_t enos_retained_crc32(uint32_t, uint32_t);
int gpio_hold_en(int pin) { return pin; }
int gpio_hold_dis(int pin) { return pin; }
int esp_sleep_disable_wakeup_source(int source) { return source; }
void esp_deep_sleep(unsigned long long us) { (void)us; }
int main(void) {
  uint8_t bytes[16] = "123456789", back[16] = { 0 };
  enos_retained_write(${retainedLength} - 9, bytes, 16);
  enos_retained_read(${retainedLength} - 9, back, 16);
  enos_retained_write(${retainedLength} + 1, bytes, 16);
  enos_retained_write(0xfffffff0u, bytes, 16);
  printf("%s %08x %08x", (char *)back, enos_retained_crc32(${retainedLength} - 9, 16), enos_retained_crc32(0, 0));
}
`;

/** Prints RFC 8439's block (2.3.2), whether the noise was on at each draw and off after, and how many numbers differ. */
const randomTrial = `
#include <stdint.h>
#include <stdio.h>
void enos_chacha20(const uint32_t *, uint32_t *);
uint32_t enos_random(void);
static int noisy, draws, quiet;
void bootloader_random_enable(void) { noisy = 1; }
void bootloader_random_disable(void) { noisy = 0; }
uint32_t esp_random(void) { draws++; quiet += !noisy; return 0x9e3779b9u * (uint32_t)draws; }
int main(void) {
  uint32_t from[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }, to[16], numbers[1000], same = 0;
  for (uint32_t i = 0; i < 8; i++) from[4 + i] = 0x03020100u + 0x04040404u * i;
  from[12] = 1; from[13] = 0x09000000; from[14] = 0x4a000000; from[15] = 0;
  enos_chacha20(from, to);
  for (int i = 0; i < 16; i++) printf("%08x ", to[i]);
  for (int i = 0; i < 1000; i++) numbers[i] = enos_random();
  for (int i = 0; i < 1000; i++) for (int j = 0; j < i; j++) same += numbers[i] == numbers[j];
  printf("%d %d %d %u", draws, quiet, noisy, same);
}
`;

/** What a program prints that is made of a file of the board's and a trial of it, both compiled here. */
function tried(source: string, trialOfIt: string): string {
  const folder = mkdtempSync(join(tmpdir(), "native-"));
  try {
    for (const name of ["driver", "soc"]) mkdirSync(join(folder, name));
    for (const [name, text] of Object.entries(stubs)) writeFileSync(join(folder, name), `${text}\n`);
    writeFileSync(join(folder, "trial.c"), trialOfIt);
    const program = join(folder, "trial");
    const warnings = ["-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"];
    execFileSync("gcc", [...warnings, "-I", folder, "-o", program, join(folder, "trial.c"), source]);
    return execFileSync(program, { encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("the board's C code compiles without a warning and keeps to its memory", () => {
  const crc = crc32(Buffer.from("123456789")).toString(16);
  expect(tried("firmware/board/deep-sleep.c", trial)).toBe(`123456789 ${crc} 00000000`);
});

test("random numbers are ChaCha20's, with a key that is drawn while the source of noise is on, and only then", () => {
  const block =
    "e4e7f110 15593bd1 1fdd0f50 c47120a3 c7f4d1c7 0368c033 9aaa2204 4e6cd4c3 " +
    "466482d2 09aa9f07 05d7c214 a2028bd9 d19c12b5 b94e16de e883d0cb 4e3c50a2";
  expect(tried("firmware/board/random.c", randomTrial)).toBe(`${block} 96 0 0 0`);
});

test("every function of the board's C code bears the project's prefix, and the manifest names it", () => {
  const { ffi } = JSON.parse(readFileSync("firmware/manifest.json", "utf8")) as {
    ffi: { sources: string[]; functions: Record<string, unknown> };
  };
  const sources = readdirSync("firmware/board").filter((file) => file.endsWith(".c"));
  expect(ffi.sources.map((source) => source.replace("./board/", "")).sort()).toEqual(sources.sort());
  const defined = sources.flatMap((file) =>
    [...readFileSync(`firmware/board/${file}`, "utf8").matchAll(/^(?!static)\w+ \*?(\w+)\([^;]*\)$/gm)].map(
      ([, name]) => name,
    ),
  );
  expect(defined.length).toBeGreaterThan(6);
  for (const name of defined) expect(name).toMatch(/^enos_/);
  // Those of ESP-IDF itself go by its own names.
  for (const name of Object.keys(ffi.functions)) expect([...defined, "esp_restart"]).toContain(name);
});
