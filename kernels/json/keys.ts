import {
  HASH_SLOTS,
  K_MASK,
  K_NEXT,
  K_OWNER,
  K_SIZE,
  K_START,
  K_TARGET,
  KEY_ENTRY,
  MAX_KEYS,
  POOL_BYTES,
  S_HASH,
  S_KEY_COUNT,
  S_KEYS,
  S_POOL,
  S_POOL_USED,
} from './layout';

// The keys that a scan's wanted objects have had so far. What is learned is bounded: unwanted keys beyond it are looked up in
// vain each time, and are unwanted all the same.

function hashOf(owner: usize, from: usize, size: i32): u32 {
  let hash = <u32>owner * 0x9e3779b1 + <u32>size;
  for (let k = 0; k < size; k++) hash = (hash ^ load<u8>(from + k)) * 0x01000193;
  return (hash ^ (hash >> 15)) & (HASH_SLOTS - 1);
}

/** The key of object node `owner` that is `size` bytes from `from` on, quotes included; 0 when it is not known. */
export function findKey(state: usize, owner: usize, from: usize, size: i32): usize {
  let slot = hashOf(owner, from, size);
  while (true) {
    const id = <usize>load<u16>(state + S_HASH + 2 * slot);
    if (id == 0) return 0;
    const key = state + S_KEYS + id * KEY_ENTRY;
    if (<usize>load<u32>(key + K_OWNER) == owner && load<i32>(key + K_SIZE) == size + 1) {
      const start = <usize>load<u32>(key + K_START);
      let k = 0;
      while (k < size && load<u8>(start + k) == load<u8>(from + k)) k++;
      if (k == size) return key;
    }
    slot = (slot + 1) & (HASH_SLOTS - 1);
  }
}

/** Makes an entry without bytes: an object node's head. */
export function addHead(state: usize): usize {
  const id = load<i32>(state + S_KEY_COUNT);
  store<i32>(state + S_KEY_COUNT, id + 1);
  const key = state + S_KEYS + <usize>id * KEY_ENTRY;
  store<u32>(key + K_NEXT, 0);
  store<u32>(key + K_SIZE, 0);
  return key;
}

/** Learns a key, quotes included in its bytes; `share`: of the table in fourths that such keys may fill. 0: no room. */
export function addKey(state: usize, owner: usize, from: usize, size: i32, target: usize, share: i32): usize {
  const count = load<i32>(state + S_KEY_COUNT);
  const used = load<i32>(state + S_POOL_USED);
  if (count >= (MAX_KEYS * share) / 4 || used + size + 17 > (POOL_BYTES * share) / 4 || size < 3) return 0;
  const key = addHead(state);
  const start = state + S_POOL + used;
  store<i32>(state + S_POOL_USED, used + size + 1);
  memory.copy(start, from, size);
  store<u8>(start + size, 0x3a);
  store<u32>(key + K_START, <u32>start);
  store<i32>(key + K_SIZE, size + 1);
  store<u32>(key + K_TARGET, <u32>target);
  store<u32>(key + K_OWNER, <u32>owner);
  store<u32>(key + K_MASK, size + 1 >= 16 ? 0xffff : (1 << (size + 1)) - 1);
  let slot = hashOf(owner, from, size);
  while (load<u16>(state + S_HASH + 2 * slot) != 0) slot = (slot + 1) & (HASH_SLOTS - 1);
  store<u16>(state + S_HASH + 2 * slot, <u16>count);
  return key;
}

/** Whether the key stands at `i`, with its colon. */
// @ts-ignore: decorator
@inline
export function isKeyAt(key: usize, i: usize): bool {
  const start = <usize>load<u32>(key + K_START);
  const mask = load<i32>(key + K_MASK);
  if ((i8x16.bitmask(i8x16.eq(v128.load(i), v128.load(start))) & mask) != mask) return false;
  const size = load<i32>(key + K_SIZE);
  if (size <= 16) return true;
  return isRestAt(start, i, size);
}

/** Whether what is at `i` is equal to the `size` bytes at `start`, more than 16, from the 17th on. */
export function isRestAt(start: usize, i: usize, size: i32): bool {
  let k = 16;
  for (; k + 16 <= size; k += 16) {
    if (i8x16.bitmask(i8x16.eq(v128.load(i + k), v128.load(start + k))) != 0xffff) return false;
  }
  if (k == size) return true;
  const last = size - 16;
  return i8x16.bitmask(i8x16.eq(v128.load(i + last), v128.load(start + last))) == 0xffff;
}
