/*
 * xsnap-worker with a look into its heap. It speaks as the worker does (see host-sim/sim/engine/worker.ts), and
 * knows three commands more:
 *
 *   "i" script           evaluate it, its code staying where it is
 *   "h"                  collect the garbage, then say what is alive, as JSON
 *   "c" slots SP bytes   from now on no more than so many slots and bytes of chunks above what is alive
 *                        now; who needs more ends with exit code 11, as a board would restart
 *
 * A slot takes 32 bytes here and 16 on a microcontroller of 32 bits, and what lies in a chunk may be
 * slots or pointers too. So each chunk is counted under what it holds, and in bytes of either machine:
 *
 *                  here                          there
 *   chunk          16 + n, n rounded up to 8     8 + n, n rounded up to 4
 *   slot           32                            16
 *   pointer        8                             4
 *   identifier     4                             2
 *
 * Moddable's linker lets the code of modules that are not preloaded run in place, and the literal strings
 * in it; preloaded code it leaves as it is, and that copies a function's code into a chunk whenever a
 * closure of it is made, and a string whenever it comes to one. "i" and "e" do the same.
 */
#include "xsAll.h"

/* The worker's pipes and globals are taken as they are; only its main loop is another. */
#define main xsnapMain
#include "xsnap-worker.c"
#undef main

extern void fxRemapIDs(txMachine* the, txByte* codeBuffer, txSize codeSize, txID* theIDs);

enum { isUnknown, isText, isBuffer, isSlots, isTable, isCode, isOther, classes };
static const char* const classNames[classes] = {
	"unknown", "text", "buffers", "slots", "tables", "code", "other",
};

typedef struct {
	long count;
	long here;
	long there;
} Tally;

static txSize there(txSize length)
{
	return 8 + ((length + 3) & ~3);
}

/* Notes what a chunk holds in a field of its header that XS leaves alone, and counts it once. */
static void note(Tally* tallies, const void* data, int class, txSize length)
{
	txChunk* chunk;
	if (data == NULL) return;
	chunk = (txChunk*)((txByte*)data - sizeof(txChunk));
	if (chunk->dummy != 0) return;
	chunk->dummy = 1;
	tallies[class].count += 1;
	tallies[class].here += chunk->size;
	tallies[class].there += there(length);
}

static txSize room(const void* data)
{
	return ((txChunk*)((txByte*)data - sizeof(txChunk)))->size - sizeof(txChunk);
}

/* Bytes of the instruction here. */
static size_t stepOver(const txByte* at)
{
	txS1 size = gxCodeSizes[*(const txU1*)at];
	txU2 two;
	txS4 four;
	if (size > 0) return size;
	switch (size) {
	case 0: return 1 + sizeof(txID);
	case -1: return 2 + ((const txU1*)at)[1];
	case -2: c_memcpy(&two, at + 1, 2); return 3 + two;
	default: c_memcpy(&four, at + 1, 4); return 5 + four;
	}
}

/* The code of a function as it would be with names of 2 bytes, where they have 4 here. */
static txSize codeLength(const txByte* code)
{
	const txByte* at = code;
	const txByte* end = code + room(code);
	txSize length = 0;
	/* Behind it the chunk is filled up with zeros, which are no code. */
	for (; at < end && *at != XS_NO_CODE; at += stepOver(at))
		length += gxCodeSizes[*(const txU1*)at] == 0 ? 3 : stepOver(at);
	return length;
}

/* Every chunk has its owner in a slot: the kinds are those that XS's own collector follows. */
static void noteSlot(Tally* tallies, txSlot* slot)
{
	txSlot* item;
	txIndex count;
	switch (slot->kind) {
	case XS_STRING_KIND:
		note(tallies, slot->value.string, isText, strlen(slot->value.string) + 1);
		break;
	case XS_KEY_KIND:
		if (slot->value.key.string)
			note(tallies, slot->value.key.string, isText, strlen(slot->value.key.string) + 1);
		break;
	case XS_ARRAY_BUFFER_KIND:
		if (slot->value.arrayBuffer.address)
			note(tallies, slot->value.arrayBuffer.address, isBuffer,
				slot->next && slot->next->kind == XS_BUFFER_INFO_KIND ? slot->next->value.bufferInfo.length
					: room(slot->value.arrayBuffer.address));
		break;
	case XS_ARGUMENTS_SLOPPY_KIND:
	case XS_ARGUMENTS_STRICT_KIND:
	case XS_ARRAY_KIND:
	case XS_STACK_KIND:
		item = slot->value.array.address;
		if (item == NULL) break;
		if (((txChunk*)((txByte*)item - sizeof(txChunk)))->dummy != 0) break;
		count = room(item) / sizeof(txSlot);
		note(tallies, item, isSlots, count * 16);
		if (count > slot->value.array.length) count = slot->value.array.length;
		for (; count > 0; count--) noteSlot(tallies, item++);
		break;
	case XS_MAP_KIND:
	case XS_SET_KIND:
	case XS_GLOBAL_KIND:
		if (slot->value.table.address)
			note(tallies, slot->value.table.address, isTable, room(slot->value.table.address) / 2);
		break;
	case XS_CODE_KIND:
		note(tallies, slot->value.code.address, isCode, codeLength(slot->value.code.address));
		break;
	case XS_IDS_KIND:
		if (slot->value.IDs) note(tallies, slot->value.IDs, isOther, room(slot->value.IDs) / 2);
		break;
	case XS_BIGINT_KIND:
		note(tallies, slot->value.bigint.data, isOther, slot->value.bigint.size * sizeof(txU4));
		break;
	case XS_REGEXP_KIND:
		if (slot->value.regexp.code) note(tallies, slot->value.regexp.code, isOther, room(slot->value.regexp.code));
		if (slot->value.regexp.data) note(tallies, slot->value.regexp.data, isOther, room(slot->value.regexp.data));
		break;
	case XS_HOST_KIND:
		if (slot->value.host.data && (slot->flag & XS_HOST_CHUNK_FLAG))
			note(tallies, slot->value.host.data, isOther, room(slot->value.host.data));
		break;
	}
}

static void noteHeap(txMachine* the, Tally* tallies)
{
	txSlot* slot;
	txSlot* heap;
	/* A free slot cannot be told from one that holds undefined, but by the list of those that are free. */
	for (slot = the->freeHeap; slot; slot = slot->next) slot->flag |= XS_MARK_FLAG;
	for (heap = the->firstHeap; heap; heap = heap->next)
		for (slot = heap + 1; slot < heap->value.reference; slot++)
			if (!(slot->flag & XS_MARK_FLAG)) noteSlot(tallies, slot);
	for (slot = the->freeHeap; slot; slot = slot->next) slot->flag &= ~XS_MARK_FLAG;
	for (slot = the->stack; slot < the->stackTop; slot++) noteSlot(tallies, slot);
	for (slot = the->cRoot; slot; slot = slot->next) noteSlot(tallies, slot);
}

/* What no slot was found to own counts as unknown: there should be none. */
static void noteRest(txMachine* the, Tally* tallies)
{
	txBlock* block;
	txByte* at;
	for (block = the->firstBlock; block; block = block->nextBlock)
		for (at = (txByte*)block + sizeof(txBlock); at < block->current; at += ((txChunk*)at)->size) {
			note(tallies, at + sizeof(txChunk), isUnknown, ((txChunk*)at)->size - sizeof(txChunk));
			((txChunk*)at)->dummy = 0;
		}
}

/* Between turns the stack is as deep as here; slots that were not used since still have the paint on. */
static const txID paint = 0x5AC3;

static void paintStack(txMachine* the)
{
	txSlot* slot;
	for (slot = the->stackBottom; slot < the->stack; slot++) {
		slot->kind = XS_UNDEFINED_KIND;
		slot->ID = paint;
		slot->next = slot;
	}
}

/* From above, until there are many in a row: at the far end XS borrows the stack to write numbers. */
static long stackPeak(txMachine* the)
{
	txSlot* slot = the->stack;
	int row = 0;
	while (slot > the->stackBottom && row < 128) {
		slot--;
		row = slot->ID == paint && slot->next == slot ? row + 1 : 0;
	}
	return the->stack - slot - row;
}

static long ballastCount;

static int measure(txMachine* the, char* into, size_t size)
{
	Tally tallies[classes];
	int at, i;
	long stack = stackPeak(the);
	paintStack(the);
	c_memset(tallies, 0, sizeof(tallies));
	fxCollectGarbage(the);
	noteHeap(the, tallies);
	noteRest(the, tallies);
	at = snprintf(into, size, "{\"slots\":%ld,\"keys\":%ld,\"stack\":%ld,\"chunkBytes\":%ld,\"chunks\":{",
		(long)the->currentHeapCount - ballastCount, (long)the->keyIndex, stack, (long)the->currentChunksSize);
	for (i = 0; i < classes; i++)
		at += snprintf(into + at, size - at, "%s\"%s\":{\"count\":%ld,\"here\":%ld,\"there\":%ld}", i ? "," : "",
			classNames[i], tallies[i].count, tallies[i].here, tallies[i].there);
	at += snprintf(into + at, size - at, "}}");
	return at;
}

static txSlot ballast;

/*
 * The heap as small as a board's: what is free beyond the bounds is taken and never given back, and
 * neither pool may grow.
 */
static int confine(txMachine* the, const char* text)
{
	long slots, bytes, spare = 0;
	txSlot* slot;
	if (sscanf(text, "%ld %ld", &slots, &bytes) != 2) return 0;
	fxCollectGarbage(the);
	for (slot = the->freeHeap; slot; slot = slot->next) spare++;
	if (spare < slots || the->firstBlock->nextBlock || the->firstBlock->limit - the->firstBlock->current < bytes)
		return 0;
	ballast.kind = XS_LIST_KIND;
	ballast.value.list.first = ballast.value.list.last = NULL;
	fxRemember(the, &ballast);
	for (; spare > slots; spare--) {
		slot = fxNewSlot(the);
		slot->next = ballast.value.list.first;
		ballast.value.list.first = slot;
		ballastCount++;
	}
	the->firstBlock->limit = the->firstBlock->current + bytes;
	the->minimumHeapCount = 0;
	the->minimumChunksSize = 0;
	return 1;
}

typedef struct {
	const unsigned char* bytes;
	size_t length;
	size_t at;
} Source;

static int nextByte(void* it)
{
	Source* source = it;
	return source->at < source->length ? source->bytes[source->at++] : EOF;
}

/* Functions and strings of this code are used where they are, not copied. */
static void runInPlace(txByte* code, txSize size)
{
	txByte* at = code;
	txByte* end = code + size;
	while (at < end) {
		size_t step = stepOver(at);
		switch (*(txU1*)at) {
		case XS_CODE_CODE_1: *at = XS_CODE_CODE_ARCHIVE_1; break;
		case XS_CODE_CODE_2: *at = XS_CODE_CODE_ARCHIVE_2; break;
		case XS_CODE_CODE_4: *at = XS_CODE_CODE_ARCHIVE_4; break;
		case XS_CODE_STRING_1: *at = XS_CODE_STRING_ARCHIVE_1; break;
		case XS_CODE_STRING_2: *at = XS_CODE_STRING_ARCHIVE_2; break;
		case XS_CODE_STRING_4: *at = XS_CODE_STRING_ARCHIVE_4; break;
		}
		at += step;
	}
}

static void runProgram(txMachine* the, char* bytes, size_t length, int inPlace)
{
	Source source = { (unsigned char*)bytes, length, 0 };
	txSlot* realm = mxProgram.value.reference->next->value.module.realm;
	txScript* script = fxParseScript(the, &source, nextByte, mxProgramFlag);
	if (script != NULL && inPlace) {
		txByte* at = script->symbolsBuffer;
		txID count, i;
		txID* ids;
		mxDecodeID(at, count);
		ids = malloc(count * sizeof(txID));
		ids[0] = XS_NO_ID;
		for (i = 1; i < count; i++) {
			ids[i] = fxNewNameC(the, (txString)at);
			at += strlen((char*)at) + 1;
		}
		fxRemapIDs(the, script->codeBuffer, script->codeSize, ids);
		free(ids);
		/* XS then takes it for a script in flash, and leaves it alone. */
		script->symbolsBuffer = NULL;
		runInPlace(script->codeBuffer, script->codeSize);
	}
	fxRunScript(the, script, mxRealmGlobal(realm), C_NULL, mxRealmClosures(realm)->value.reference, C_NULL,
		mxProgram.value.reference);
	the->stack++;
}

/* "e", "i" and "?". Without a result the answer is empty. */
static void turn(xsMachine* the, char command, char* bytes, size_t length)
{
	int failed = 0;
	char* answer = NULL;
	size_t answered = 0;
	xsBeginHost(the);
	{
		xsVars(2);
		xsTry {
			if (command == '?') {
				xsVar(0) = xsArrayBuffer(bytes, length);
				xsVar(1) = xsCall1(xsGlobal, xsID("handleCommand"), xsVar(0));
			} else
				runProgram(the, bytes, length, command == 'i');
		}
		xsCatch {
			failed = 1;
			xsVar(1) = xsException;
			xsException = xsUndefined;
		}
		xsVar(0) = xsUndefined;
	}
	fxRunLoop(the);
	{
		if (failed)
			answered = strlen(answer = xsToString(xsVar(1)));
		else if (xsTypeOf(xsVar(1)) == xsReferenceType && xsHas(xsVar(1), xsID("result"))) {
			xsVar(1) = xsGet(xsVar(1), xsID("result"));
			if (xsIsInstanceOf(xsVar(1), xsArrayBufferPrototype)) {
				answered = xsGetArrayBufferLength(xsVar(1));
				answer = xsToArrayBuffer(xsVar(1));
			}
		}
	}
	if (the->abortStatus == 0 && fxWriteNetString(toParent, failed ? "!" : ".", answer ? answer : "", answered))
		c_exit(E_IO_ERROR);
	xsEndHost(the);
}

int main(void)
{
	xsCreation creation = {
		32 * 1024 * 1024, 4 * 1024 * 1024, 256 * 1024, 128 * 1024, 8192, 32000, 8000, 1993, 127, 8192 * 1024, 1993,
	};
	xsMachine* the;
	char* message;
	size_t length;
	char text[2048];

	xsInitializeSharedCluster();
	the = xsCreateMachine(&creation, "board", NULL);
	xsBuildAgent(the);
	signal(SIGPIPE, fxSigPipeHandler);
	fromParent = fdopen(3, "rb");
	toParent = fdopen(4, "wb");
	if (!fromParent || !toParent) return E_IO_ERROR;
	while (fxReadNetString(fromParent, &message, &length) == 0) {
		resetTimestamps();
		switch (message[0]) {
		case 'e':
		case 'i':
		case '?': {
			/* Whatever ends the machine jumps out to here. */
			mxTry(the) {
				turn(the, message[0], message + 1, length - 1);
			}
			mxCatch(the) {
			}
			/* The compiler's needs are not the firmware's. */
			if (message[0] != '?') paintStack(the);
			break;
		}
		case 'h':
			length = measure(the, text, sizeof(text));
			if (fxWriteNetString(toParent, ".", text, length)) return E_IO_ERROR;
			break;
		case 'c':
			if (fxWriteNetString(toParent, confine(the, message + 1) ? "." : "!", "", 0)) return E_IO_ERROR;
			break;
		default:
			return E_BAD_USAGE;
		}
		free(message);
		/* As the worker's own: 10 and XS's reason. */
		if (the->abortStatus) return 10 + the->abortStatus;
	}
	return E_SUCCESS;
}
