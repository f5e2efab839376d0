/*
 * The compiler of XS without the rest of it: reads modules from stdin, says on stdout how much bytecode
 * each becomes.
 *
 *   stdin    per module   name SP length LF, then so many bytes of JavaScript
 *   stdout   per module   name SP bytes of code SP bytes of symbols LF, then the symbols: a count (2 bytes,
 *                         little-endian), then each name with a 0 behind it
 *
 * Built with XS's own parser and code generator, with identifiers of 2 bytes as on a microcontroller and
 * without line numbers, as in a release build.
 */
#include "xsScript.h"

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

/* What the parser asks of its host. */

void fxAbort(void* console, int status)
{
	fprintf(stderr, "the compiler gave up (%d)\n", status);
	exit(1);
}

txID fxGenerateProfileID(void* console)
{
	return XS_NO_ID;
}

void fxGenerateTag(void* console, txString buffer, txInteger size, txString path)
{
	static int tag = 0;
	snprintf(buffer, size, "#%d", tag++);
}

void fxVReport(void* console, txString format, c_va_list arguments)
{
	vfprintf(stderr, format, arguments);
}

void fxVReportError(void* console, txString path, txInteger line, txString format, c_va_list arguments)
{
	fprintf(stderr, "line %d: ", (int)line);
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
}

void fxVReportWarning(void* console, txString path, txInteger line, txString format, c_va_list arguments)
{
}

/* A script, or NULL when it is not JavaScript. What it is made of stays allocated: the process is short. */
static txScript* compile(txParser* parser, Source* source, txString name)
{
	txParserJump jump;
	txScript* script = NULL;
	fxInitializeParser(parser, NULL, 1024 * 1024, 1993);
	parser->firstJump = &jump;
	if (c_setjmp(jump.jmp_buf) == 0) {
		txString map = NULL;
		parser->origin = parser->path = fxNewParserSymbol(parser, name);
		fxParserTree(parser, source, nextByte, 0, &map);
		fxParserHoist(parser);
		fxParserBind(parser);
		script = fxParserCode(parser);
	}
	return parser->errorCount == 0 ? script : NULL;
}

int main(void)
{
	char name[256];
	size_t length;
	while (scanf("%255s %zu", name, &length) == 2 && getchar() == '\n') {
		unsigned char* bytes = malloc(length + 1);
		if (bytes == NULL || fread(bytes, 1, length, stdin) != length) {
			fprintf(stderr, "%s: less came than was announced\n", name);
			return 1;
		}
		Source source = { bytes, length, 0 };
		txParser* parser = malloc(sizeof(txParser));
		txScript* script = parser == NULL ? NULL : compile(parser, &source, name);
		if (script == NULL) {
			fprintf(stderr, "%s: not compiled\n", name);
			return 1;
		}
		printf("%s %d %d\n", name, (int)script->codeSize, (int)script->symbolsSize);
		fwrite(script->symbolsBuffer, 1, script->symbolsSize, stdout);
		free(bytes);
	}
	return 0;
}
