export { Random } from '../../bench/random.js';
