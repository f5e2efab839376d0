/*
 * Random numbers that nobody can foretell, on a board whose Wi-Fi and Bluetooth are never on. esp_random is then
 * fed by nothing but clocks, unless the bootloader's source is on, which is the noise of the SAR ADC. That takes
 * the ADC away from the application, so it is on for a moment at the start only, for the key of a ChaCha20
 * stream (RFC 8439), which gives the numbers from then on.
 */
#include <stdint.h>
#include "bootloader_random.h"
#include "esp_random.h"

static uint32_t state[16];
static uint32_t block[16];
/* Words of the block that were given. */
static unsigned given = 16;

static uint32_t rotated(uint32_t word, int bits)
{
	return (word << bits) | (word >> (32 - bits));
}

static void quarter(uint32_t *x, int a, int b, int c, int d)
{
	x[a] += x[b]; x[d] = rotated(x[d] ^ x[a], 16);
	x[c] += x[d]; x[b] = rotated(x[b] ^ x[c], 12);
	x[a] += x[b]; x[d] = rotated(x[d] ^ x[a], 8);
	x[c] += x[d]; x[b] = rotated(x[b] ^ x[c], 7);
}

/* RFC 8439, 2.3: the key stream's block for a state of constants, key, counter and nonce. */
void enos_chacha20(const uint32_t *from, uint32_t *to)
{
	for (int i = 0; i < 16; i++)
		to[i] = from[i];
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 4; i++)
			quarter(to, i, i + 4, i + 8, i + 12);
		for (int i = 0; i < 4; i++)
			quarter(to, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
	}
	for (int i = 0; i < 16; i++)
		to[i] += from[i];
}

static void seed(void)
{
	static const uint32_t constants[4] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	bootloader_random_enable();
	for (int i = 0; i < 16; i++) {
		state[i] = 0;
		/* Several draws a word: the noise is weaker than that of a radio. */
		for (int draw = 0; i >= 4 && draw < 8; draw++)
			state[i] = rotated(state[i], 5) ^ esp_random();
		if (i < 4)
			state[i] = constants[i];
	}
	bootloader_random_disable();
}

/* 32 random bits. To be called first before the application opens the ADC. */
uint32_t enos_random(void)
{
	if (state[0] == 0)
		seed();
	if (given == 16) {
		enos_chacha20(state, block);
		state[12]++;
		given = 0;
	}
	return block[given++];
}
