/** How long before: in the unit one would say it in. Dates themselves are not shown. */
export const intervalWords = (days: number): string => {
  const said = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'} before`
  if (days < 1) return 'the same day'
  if (days < 14) return said(days, 'day')
  if (days < 60) return said(Math.round(days / 7), 'week')
  const months = Math.round(days / 30.44)
  return months < 24 ? said(months, 'month') : said(Math.round(days / 365.25), 'year')
}
