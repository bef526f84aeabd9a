// A report of a browser's Content-Security-Policy, as GlitchTip 5.2 takes it (SecuritySchema): what has another form it refuses.
import { isObject } from './json.js';
import { isText, isTextOrNothing, wholeNumber } from './schema-values.js';

export function isSecurityReport(json: unknown): boolean {
  const report = isObject(json) ? json['csp-report'] : undefined;
  return isObject(report)
    && ['blocked-uri', 'document-uri', 'effective-directive'].every((name) => isText(report[name]))
    && ['enforce', 'report'].includes(report['disposition'] as string)
    && report['original-policy'] !== undefined && isTextOrNothing(report['original-policy']) && isTextOrNothing(report['script-sample'])
    && report['status-code'] !== undefined && ['status-code', 'line_number', 'column_number'].every((name) => isWholeOrNothing(report[name]));
}

function isWholeOrNothing(value: unknown): boolean {
  return value === undefined || value === null || wholeNumber(value) !== undefined;
}
