// NIST SP 800-38D. OpenSSL takes one block an instruction on processors without AVX-512; with VAES and VPCLMULQDQ it is two, and a short
// packet costs a sixth. GHASH is computed as POLYVAL (RFC 8452 appendix A), whose multiplication turns no bits round: three products for
// two blocks (Karatsuba), one reduction for sixteen. No branch and no address depends on a secret.
#include "vector-gcm.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#include <stdlib.h>
#include <string.h>

#define VECTORS __attribute__((target("avx2,aes,pclmul,vaes,vpclmulqdq")))
#define INLINE VECTORS __attribute__((always_inline)) static inline
enum { BLOCK = 16, WIDE = 16, PAIR = 2 * BLOCK, MAX_ROUNDS = 14 };

extern void OPENSSL_cleanse(void *bytes, size_t byte_count);

struct vector_key {
  __m128i round_keys[MAX_ROUNDS + 1];
  int rounds;
  // The hash key to the powers of WIDE down to 1, and the sum of the halves of each.
  __m128i powers[WIDE], sums[WIDE];
};

// Products before they are reduced: of the low halves, of the high ones, and of the sums of both.
typedef struct {
  __m256i low, high, middle;
} products;

#define POLYNOMIAL 0xc200000000000000ULL
#define TURN _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#define HALVES_SWAPPED 0x4e

INLINE __m128i turned(__m128i block) { return _mm_shuffle_epi8(block, TURN); }
INLINE __m256i turned_pair(__m256i pair) { return _mm256_shuffle_epi8(pair, _mm256_broadcastsi128_si256(TURN)); }
INLINE __m128i load(const void *at) { return _mm_loadu_si128(at); }
INLINE __m256i load_pair(const void *at) { return _mm256_loadu_si256(at); }
INLINE __m256i widened(__m128i block) { return _mm256_zextsi128_si256(block); }
INLINE products no_products(void) {
  return (products){_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
}

INLINE void add(products *sum, __m256i blocks, __m256i powers, __m256i power_sums) {
  __m256i halves = _mm256_xor_si256(blocks, _mm256_shuffle_epi32(blocks, HALVES_SWAPPED));
  sum->low = _mm256_xor_si256(sum->low, _mm256_clmulepi64_epi128(blocks, powers, 0x00));
  sum->high = _mm256_xor_si256(sum->high, _mm256_clmulepi64_epi128(blocks, powers, 0x11));
  sum->middle = _mm256_xor_si256(sum->middle, _mm256_clmulepi64_epi128(halves, power_sums, 0x00));
}

INLINE __m128i reduced(products sum) {
  __m256i middle = _mm256_xor_si256(sum.middle, _mm256_xor_si256(sum.low, sum.high));
  __m256i low = _mm256_xor_si256(sum.low, _mm256_slli_si256(middle, 8));
  __m256i high = _mm256_xor_si256(sum.high, _mm256_srli_si256(middle, 8));
  for (int i = 0; i < 2; i++) {
    __m256i product = _mm256_clmulepi64_epi128(low, _mm256_set1_epi64x((long long)POLYNOMIAL), 0x00);
    low = _mm256_xor_si256(_mm256_shuffle_epi32(low, HALVES_SWAPPED), product);
  }
  high = _mm256_xor_si256(high, low);
  return _mm_xor_si128(_mm256_castsi256_si128(high), _mm256_extracti128_si256(high, 1));
}

INLINE __m128i times_hash_key(const vector_key *key, __m128i block) {
  products product = no_products();
  add(&product, widened(block), widened(key->powers[WIDE - 1]), widened(key->sums[WIDE - 1]));
  return reduced(product);
}

INLINE __m128i encrypted(const vector_key *key, __m128i block) {
  block = _mm_xor_si128(block, key->round_keys[0]);
  for (int round = 1; round < key->rounds; round++) block = _mm_aesenc_si128(block, key->round_keys[round]);
  return _mm_aesenclast_si128(block, key->round_keys[key->rounds]);
}

INLINE __m128i next_round_key(__m128i before, __m128i word) {
  for (int i = 0; i < 3; i++) before = _mm_xor_si128(before, _mm_slli_si128(before, 4));
  return _mm_xor_si128(before, word);
}

// FIPS 197 section 5.2. The constants of the instruction must be literals.
#define ROTATED(from, constant) _mm_shuffle_epi32(_mm_aeskeygenassist_si128(from, constant), 0xff)
#define PLAIN(from) _mm_shuffle_epi32(_mm_aeskeygenassist_si128(from, 0), 0xaa)
#define NEXT_128(i, constant) keys[i] = next_round_key(keys[i - 1], ROTATED(keys[i - 1], constant));
#define NEXT_256(i, constant) keys[i] = next_round_key(keys[i - 2], ROTATED(keys[i - 1], constant));
#define BETWEEN(i) keys[i] = next_round_key(keys[i - 2], PLAIN(keys[i - 1]));

VECTORS static void expand(vector_key *key, const unsigned char *bytes, size_t byte_count) {
  __m128i *keys = key->round_keys;
  keys[0] = load(bytes);
  if (byte_count == 16) {
    key->rounds = 10;
    NEXT_128(1, 0x01) NEXT_128(2, 0x02) NEXT_128(3, 0x04) NEXT_128(4, 0x08) NEXT_128(5, 0x10)
    NEXT_128(6, 0x20) NEXT_128(7, 0x40) NEXT_128(8, 0x80) NEXT_128(9, 0x1b) NEXT_128(10, 0x36)
  } else {
    key->rounds = MAX_ROUNDS;
    keys[1] = load(bytes + BLOCK);
    NEXT_256(2, 0x01) BETWEEN(3) NEXT_256(4, 0x02) BETWEEN(5) NEXT_256(6, 0x04) BETWEEN(7) NEXT_256(8, 0x08)
    BETWEEN(9) NEXT_256(10, 0x10) BETWEEN(11) NEXT_256(12, 0x20) BETWEEN(13) NEXT_256(14, 0x40)
  }
}

// The hash key times x, modulo the polynomial: what POLYVAL wants of a key of GHASH; and its powers.
VECTORS static void raise(vector_key *key) {
  __m128i hash_key = turned(encrypted(key, _mm_setzero_si128()));
  __m128i carries = _mm_srli_epi64(hash_key, 63);
  __m128i doubled = _mm_or_si128(_mm_slli_epi64(hash_key, 1), _mm_slli_si128(carries, 8));
  __m128i overflow = _mm_sub_epi64(_mm_setzero_si128(), _mm_unpackhi_epi64(carries, carries));
  __m128i power = _mm_xor_si128(doubled, _mm_and_si128(overflow, _mm_set_epi64x((long long)POLYNOMIAL, 1)));
  for (int i = WIDE - 1; i >= 0; i--) {
    if (i < WIDE - 1) power = times_hash_key(key, power);
    key->powers[i] = power;
    key->sums[i] = _mm_xor_si128(power, _mm_shuffle_epi32(power, HALVES_SWAPPED));
  }
}

static bool vectors_are_there(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") &&
         __builtin_cpu_supports("vaes") && __builtin_cpu_supports("vpclmulqdq");
}

bool vectors_are_quicker(void) {
  return vectors_are_there() && !(__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"));
}

vector_key *vector_key_create(const unsigned char *bytes, size_t byte_count) {
  if (!vectors_are_there()) return NULL;
  vector_key *key = calloc(1, sizeof *key);
  if (!key) return NULL;
  expand(key, bytes, byte_count);
  raise(key);
  return key;
}

void vector_key_free(vector_key *key) {
  if (key) OPENSSL_cleanse(key, sizeof *key);
  free(key);
}

#define EACH_PAIR _Pragma("GCC unroll 8") for (int i = 0; i < WIDE / 2; i++)
#define ROUND_KEY(round) _mm256_broadcastsi128_si256(key->round_keys[round])

INLINE __m256i counted_on(__m256i counters, int by) {
  return _mm256_add_epi32(counters, _mm256_set_epi32(0, 0, 0, by, 0, 0, 0, by));
}

// Encrypts sixteen counters, and meanwhile hashes the sixteen sealed blocks at `sealed`, if there are any: neither waits for the other.
INLINE __m128i run_wide(const vector_key *key, __m256i *stream, __m256i counters, const unsigned char *sealed, __m128i hash) {
  products sum = no_products();
  EACH_PAIR {
    stream[i] = _mm256_xor_si256(turned_pair(counters), ROUND_KEY(0));
    counters = counted_on(counters, 2);
  }
  _Pragma("GCC unroll 8") for (int step = 0; step < WIDE / 2; step++) {
    EACH_PAIR stream[i] = _mm256_aesenc_epi128(stream[i], ROUND_KEY(step + 1));
    if (!sealed) continue;
    __m256i pair = turned_pair(load_pair(sealed + step * PAIR));
    if (step == 0) pair = _mm256_xor_si256(pair, widened(hash));
    add(&sum, pair, load_pair(key->powers + step * 2), load_pair(key->sums + step * 2));
  }
  for (int round = WIDE / 2 + 1; round < key->rounds; round++) {
    EACH_PAIR stream[i] = _mm256_aesenc_epi128(stream[i], ROUND_KEY(round));
  }
  EACH_PAIR stream[i] = _mm256_aesenclast_epi128(stream[i], ROUND_KEY(key->rounds));
  return sealed ? reduced(sum) : hash;
}

// Hashes up to sixteen blocks.
INLINE __m128i hashed(const vector_key *key, const unsigned char *blocks, size_t count, __m128i hash) {
  if (count == 0) return hash;
  const __m128i *powers = key->powers + WIDE - count, *sums = key->sums + WIDE - count;
  products sum = no_products();
  size_t i = 0;
  for (; i + 2 <= count; i += 2) {
    __m256i pair = _mm256_xor_si256(turned_pair(load_pair(blocks + i * BLOCK)), widened(hash));
    add(&sum, pair, load_pair(powers + i), load_pair(sums + i));
    hash = _mm_setzero_si128();
  }
  if (i < count) add(&sum, widened(_mm_xor_si128(turned(load(blocks + i * BLOCK)), hash)), widened(powers[i]), widened(sums[i]));
  return reduced(sum);
}

INLINE void run_rest(const vector_key *key, __m256i counters, unsigned char *blocks, size_t count) {
  for (size_t i = 0; i < count; i += 2) {
    __m256i stream = _mm256_xor_si256(turned_pair(counters), ROUND_KEY(0));
    counters = counted_on(counters, 2);
    for (int round = 1; round < key->rounds; round++) stream = _mm256_aesenc_epi128(stream, ROUND_KEY(round));
    stream = _mm256_aesenclast_epi128(stream, ROUND_KEY(key->rounds));
    unsigned char *at = blocks + i * BLOCK;
    if (i + 2 <= count) _mm256_storeu_si256((void *)at, _mm256_xor_si256(stream, load_pair(at)));
    else _mm_storeu_si128((void *)at, _mm_xor_si128(_mm256_castsi256_si128(stream), load(at)));
  }
}

VECTORS void vector_run(const vector_key *key, const unsigned char nonce[12], unsigned char *packet, size_t block_count, bool seals,
                        unsigned char tag[16]) {
  unsigned char first[BLOCK] = {0}, head[BLOCK] = {0};
  memcpy(first, nonce, 12);
  first[BLOCK - 1] = 1;
  memcpy(head, packet, 4);
  __m128i hash = times_hash_key(key, turned(load(head)));
  __m128i counter = _mm_add_epi32(turned(load(first)), _mm_set_epi32(0, 0, 0, 1));
  __m256i counters = _mm256_inserti128_si256(widened(counter), _mm_add_epi32(counter, _mm_set_epi32(0, 0, 0, 1)), 1);
  __m256i stream[WIDE / 2];
  unsigned char *at = packet + 4;
  // What is opened is hashed in the step that opens it, what is sealed in the step after.
  const unsigned char *sealed = NULL;
  size_t left = block_count;
  for (; left >= WIDE; left -= WIDE, at += WIDE * BLOCK) {
    if (!seals) sealed = at;
    hash = sealed ? run_wide(key, stream, counters, sealed, hash) : run_wide(key, stream, counters, NULL, hash);
    counters = counted_on(counters, WIDE);
    EACH_PAIR _mm256_storeu_si256((void *)(at + i * PAIR), _mm256_xor_si256(stream[i], load_pair(at + i * PAIR)));
    if (seals) sealed = at;
  }
  if (seals && sealed) hash = hashed(key, sealed, WIDE, hash);
  if (!seals) hash = hashed(key, at, left, hash);
  run_rest(key, counters, at, left);
  if (seals) hash = hashed(key, at, left, hash);
  hash = _mm_xor_si128(hash, _mm_set_epi64x(4 * 8, (long long)block_count * BLOCK * 8));
  _mm_storeu_si128((void *)tag, _mm_xor_si128(turned(times_hash_key(key, hash)), encrypted(key, load(first))));
}

#else

bool vectors_are_quicker(void) { return false; }
vector_key *vector_key_create(const unsigned char *bytes, size_t byte_count) { return NULL; }
void vector_key_free(vector_key *key) {}
void vector_run(const vector_key *key, const unsigned char *nonce, unsigned char *packet, size_t block_count, bool seals,
                unsigned char *tag) {}

#endif
