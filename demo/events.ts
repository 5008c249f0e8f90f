import { orderCreatedMs } from './orders.js';
import { draw, pick } from './random.js';

/** How many events the demo shop's log has; ids count from 1. */
export const EVENT_COUNT = 1_200;

const SEED = 71;
const TYPES = ['order.created', 'order.paid', 'order.shipped', 'stock.low'] as const;

/** The event as the API writes it: its time in Unix seconds, its payload free-form. */
export function renderEvent(id: number): string {
  const drawn = draw(SEED, id);
  const type = pick(TYPES, drawn);
  const at = Math.floor(orderCreatedMs(id * 3) / 1_000);
  const payload =
    type === 'stock.low' ? { left: drawn % 10 } : { order_id: id, by: pick(['web', 'phone', null], drawn) };
  return `{"id":${id},"type":"${type}","at":${at},"payload":${JSON.stringify(payload)}}`;
}
