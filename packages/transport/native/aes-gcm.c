// AES-GCM for SSH packets (RFC 5647 as OpenSSH reads it), in place, many packets a call. Optional: see docs/adr/0010-aes-gcm-addon.md.
// OpenSSL is the one inside the runtime, whose symbols every official Node exports; so nothing is linked and no header of OpenSSL is needed.
// cc -O2 -fPIC -shared -I <runtime>/include/node aes-gcm.c -o aes-gcm.node
#include <node_api.h>
#include <stdlib.h>
#include <string.h>

extern void *EVP_CIPHER_CTX_new(void);
extern void EVP_CIPHER_CTX_free(void *context);
extern int EVP_CIPHER_CTX_ctrl(void *context, int command, int size, void *value);
extern const void *EVP_aes_128_gcm(void);
extern const void *EVP_aes_256_gcm(void);
extern int EVP_CipherInit_ex(void *context, const void *cipher, void *engine, const unsigned char *key, const unsigned char *nonce, int seals);
extern int EVP_CipherUpdate(void *context, unsigned char *out, int *out_bytes, const unsigned char *in, int in_bytes);
extern int EVP_CipherFinal_ex(void *context, unsigned char *out, int *out_bytes);
enum { GET_TAG = 0x10, SET_TAG = 0x11, LENGTH = 4, TAG = 16, NONCE = 12, MAX_PACKET = 1 << 24 };

// One direction of one connection: a kept context, and the nonce of the next packet.
typedef struct {
  void *context;
  unsigned char nonce[NONCE];
  bool seals;
} direction;
static const napi_type_tag DIRECTION = {0x7e1f0c5a9d3b4862ULL, 0xb6a0c47f25e89d13ULL};

static void drop(napi_env env, void *data, void *hint) {
  EVP_CIPHER_CTX_free(((direction *)data)->context);
  free(data);
}

static napi_value fail(napi_env env, const char *text) {
  napi_throw_error(env, NULL, text);
  return NULL;
}

// create(key: 16 or 32 bytes, nonce: 12 bytes, seals: boolean) → what `run` wants; freed when nobody holds it any more
static napi_value create(napi_env env, napi_callback_info info) {
  size_t count = 3, key_bytes = 0, nonce_bytes = 0;
  napi_value arg[3], result;
  unsigned char *key = NULL, *nonce = NULL;
  bool seals;
  if (napi_get_cb_info(env, info, &count, arg, NULL, NULL) != napi_ok || count < 3 ||
      napi_get_buffer_info(env, arg[0], (void **)&key, &key_bytes) != napi_ok ||
      napi_get_buffer_info(env, arg[1], (void **)&nonce, &nonce_bytes) != napi_ok ||
      napi_get_value_bool(env, arg[2], &seals) != napi_ok || (key_bytes != 16 && key_bytes != 32) || nonce_bytes != NONCE)
    return fail(env, "create(key, nonce, seals)");
  direction *made = calloc(1, sizeof *made);
  if (!made) return fail(env, "out of memory");
  made->context = EVP_CIPHER_CTX_new();
  made->seals = seals;
  memcpy(made->nonce, nonce, NONCE);
  const void *cipher = key_bytes == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
  if (!made->context || EVP_CipherInit_ex(made->context, cipher, NULL, key, made->nonce, seals) != 1 ||
      napi_create_external(env, made, drop, NULL, &result) != napi_ok) {
    drop(env, made, NULL);
    return fail(env, "AES-GCM is not to be had");
  }
  if (napi_type_tag_object(env, result, &DIRECTION) != napi_ok) return fail(env, "no type tag");
  return result;
}

// Bytes of a packet that are read from elsewhere: `bytes` of them, from `source`, for `at` of the body.
typedef struct {
  const unsigned char *source;
  int at, bytes;
} apart;

static bool update(direction *d, unsigned char *out, const unsigned char *in, int bytes) {
  int done;
  return bytes == 0 || EVP_CipherUpdate(d->context, out, &done, in, bytes) == 1;
}

// packet: uint32 length (open, but authenticated) | body | tag
static bool run_one(direction *d, unsigned char *packet, int body_bytes, apart other) {
  unsigned char *body = packet + LENGTH, *tag = body + body_bytes, *to = body + other.at, *rest = to + other.bytes;
  int done;
  if (EVP_CipherInit_ex(d->context, NULL, NULL, NULL, d->nonce, -1) != 1) return false;
  if (!d->seals && EVP_CIPHER_CTX_ctrl(d->context, SET_TAG, TAG, tag) != 1) return false;
  if (EVP_CipherUpdate(d->context, NULL, &done, packet, LENGTH) != 1 || !update(d, body, body, other.at) ||
      !update(d, to, other.source, other.bytes) || !update(d, rest, rest, (int)(tag - rest)) ||
      EVP_CipherFinal_ex(d->context, tag, &done) != 1)
    return false;
  if (d->seals && EVP_CIPHER_CTX_ctrl(d->context, GET_TAG, TAG, tag) != 1) return false;
  // The nonce's last eight bytes count packets.
  for (int i = NONCE - 1; i >= NONCE - 8 && ++d->nonce[i] == 0; i--) continue;
  return true;
}

// Where the packet ends that begins at `at`; 0 when that is not before or at `to`.
static uint32_t end_of(const unsigned char *bytes, uint32_t at, uint32_t to) {
  if (to - at < LENGTH + TAG) return 0;
  uint32_t body_bytes = (uint32_t)bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
  if (body_bytes > MAX_PACKET || body_bytes > to - at - LENGTH - TAG) return 0;
  return at + LENGTH + body_bytes + TAG;
}

static bool direction_of(napi_env env, napi_value value, direction **d) {
  bool is_ours = false;
  return napi_check_object_type_tag(env, value, &DIRECTION, &is_ours) == napi_ok && is_ours &&
         napi_get_value_external(env, value, (void **)d) == napi_ok;
}

// run(direction, bytes, from, to) → where the packets back to back in bytes[from, to) end that were sealed or opened, up to the first bad one
static napi_value run(napi_env env, napi_callback_info info) {
  size_t count = 4, size = 0;
  napi_value arg[4], result;
  direction *d = NULL;
  unsigned char *bytes = NULL;
  uint32_t at, to;
  if (napi_get_cb_info(env, info, &count, arg, NULL, NULL) != napi_ok || count < 4 || !direction_of(env, arg[0], &d) ||
      napi_get_buffer_info(env, arg[1], (void **)&bytes, &size) != napi_ok || napi_get_value_uint32(env, arg[2], &at) != napi_ok ||
      napi_get_value_uint32(env, arg[3], &to) != napi_ok || to > size || at > to)
    return fail(env, "run(direction, bytes, from, to)");
  for (uint32_t end; (end = end_of(bytes, at, to)) != 0; at = end)
    if (!run_one(d, bytes + at, (int)(end - at - LENGTH - TAG), (apart){NULL, 0, 0})) break;
  return napi_create_uint32(env, at, &result) == napi_ok ? result : NULL;
}

// sealFrom(direction, bytes, from, to, at, source, source_from, byte_count) → `to`: the packet bytes[from, to) is sealed, and its
// byte_count bytes from `at` on were read from source[source_from] on the way
static napi_value seal_from(napi_env env, napi_callback_info info) {
  enum { COUNT = 8 };
  size_t count = COUNT, size = 0, source_size = 0;
  napi_value arg[COUNT], result;
  direction *d = NULL;
  unsigned char *bytes = NULL, *source = NULL;
  uint32_t from, to, at, source_from, byte_count;
  if (napi_get_cb_info(env, info, &count, arg, NULL, NULL) != napi_ok || count < COUNT || !direction_of(env, arg[0], &d) || !d->seals ||
      napi_get_buffer_info(env, arg[1], (void **)&bytes, &size) != napi_ok || napi_get_value_uint32(env, arg[2], &from) != napi_ok ||
      napi_get_value_uint32(env, arg[3], &to) != napi_ok || napi_get_value_uint32(env, arg[4], &at) != napi_ok ||
      napi_get_buffer_info(env, arg[5], (void **)&source, &source_size) != napi_ok ||
      napi_get_value_uint32(env, arg[6], &source_from) != napi_ok || napi_get_value_uint32(env, arg[7], &byte_count) != napi_ok ||
      to > size || from > to || end_of(bytes, from, to) != to || at < from + LENGTH || at > to - TAG || byte_count > to - TAG - at ||
      source_from > source_size || byte_count > source_size - source_from)
    return fail(env, "sealFrom(direction, bytes, from, to, at, source, source_from, byte_count)");
  apart other = {source + source_from, (int)(at - from - LENGTH), (int)byte_count};
  bool is_sealed = run_one(d, bytes + from, (int)(to - from - LENGTH - TAG), other);
  return napi_create_uint32(env, is_sealed ? to : from, &result) == napi_ok ? result : NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "create", NAPI_AUTO_LENGTH, create, NULL, &function);
  napi_set_named_property(env, exports, "create", function);
  napi_create_function(env, "run", NAPI_AUTO_LENGTH, run, NULL, &function);
  napi_set_named_property(env, exports, "run", function);
  napi_create_function(env, "sealFrom", NAPI_AUTO_LENGTH, seal_from, NULL, &function);
  napi_set_named_property(env, exports, "sealFrom", function);
  return exports;
}
