import type { KeyHandlers } from '@/keys/listener'
import type { Room } from '../room'

/** Every measuring tool by its key, and the points of what was measured without a mouse. */
export const measureKeys = ({ measuring }: Room): KeyHandlers => ({
  'read.measure.length': () => measuring.take('length'),
  'read.measure.angle': () => measuring.take('angle'),
  'read.measure.area': () => measuring.take('area'),
  'read.measure.cobb': () => measuring.take('cobb'),
  'read.measure.plates': () => measuring.take('sagittal_angle'),
  'read.measure.listhesis': () => measuring.take('listhesis'),
  'read.measure.balance': () => measuring.take('sagittal_balance'),
  'read.measure.propose': () => void measuring.propose(),
  'read.measure.handle': () => measuring.nextHandle(1),
  'read.measure.handleBack': () => measuring.nextHandle(-1),
  'read.measure.delete': () => {
    if (measuring.selected) measuring.remove(measuring.selected.id)
  },
})
