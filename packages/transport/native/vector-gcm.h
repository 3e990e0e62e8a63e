// AES-GCM by the vector instructions of today's x86 processors, two blocks an instruction. For whole blocks, which SSH packets are.
#include <stdbool.h>
#include <stddef.h>

// A key and what follows from it. Nothing in it changes from packet to packet.
typedef struct vector_key vector_key;

// Whether bulk data is sealed sooner this way: OpenSSL takes four blocks an instruction where there is AVX-512.
bool vectors_are_quicker(void);

// NULL where the processor lacks the instructions, or there is no memory. Given back with vector_key_free.
vector_key *vector_key_create(const unsigned char *bytes, size_t byte_count);
void vector_key_free(vector_key *key);

// A packet: the four bytes of its length, which stay open, then `block_count` blocks, sealed or opened in place.
// Writes the tag that belongs to it: behind a packet that is opened, it is to be compared.
void vector_run(const vector_key *key, const unsigned char nonce[12], unsigned char *packet, size_t block_count, bool seals,
                unsigned char tag[16]);
