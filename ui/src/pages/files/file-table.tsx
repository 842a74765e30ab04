// SPDX-License-Identifier: GPL-3.0-or-later
import { useCallback, useEffect, useImperativeHandle, useMemo, useRef, type KeyboardEvent, type Ref } from 'react';
import { ChevronDownIcon, ChevronUpIcon } from '@heroicons/react/24/outline';
import { useMediaQuery } from '@mantine/hooks';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { t } from '../../lib/i18n';
import { FileTableRow, rowId, type RowHandlers } from './file-row';
import type { AnyRow, Row, Sort, SortField } from './rows';
import type { SetSelection } from './use-folder';
import { clear, extend, selectAll, selectOne, step, toggle, type Selection } from './selection';
import classes from './file-table.module.css';

const HEAD = 40;

export interface TableCommands<R extends AnyRow = Row> {
  open: (row: R) => void;
  rename?: (row: R) => void;
  remove: () => void;
  up?: () => void;
  menu: (row: R, x: number, y: number) => void;
}

export interface TableHandle {
  focus: () => void;
}

interface FileTableProps<R extends AnyRow> {
  vault: string;
  label: string;
  rows: R[];
  keys: string[];
  selection: Selection;
  setSelection: SetSelection;
  /** How it is sorted; left out where the daemon gives the order. */
  sorting?: Sorting;
  /** What the time is that of. */
  timeLabel: string;
  commands: TableCommands<R>;
  complete: boolean;
  /** Called when the last rows come into sight. */
  onEnd?: () => void;
  ref?: Ref<TableHandle>;
}

interface Sorting {
  sort: Sort;
  setSort: (next: Sort) => void;
}

function SortButton({ field, label, sorting }: { field: SortField; label: string; sorting: Sorting | undefined }) {
  if (sorting === undefined) return <span className={classes.unsorted}>{label}</span>;
  const { sort, setSort } = sorting;
  const current = sort.field === field;
  const Arrow = sort.down ? ChevronDownIcon : ChevronUpIcon;
  return (
    <button
      type="button"
      className={classes.sort}
      onClick={() => setSort({ field, down: current ? !sort.down : field !== 'name' })}
    >
      {label}
      {current ? <Arrow width={14} height={14} aria-hidden /> : null}
    </button>
  );
}

function Head({ sorting, timeLabel }: { sorting: Sorting | undefined; timeLabel: string }) {
  const ariaSort = (field: SortField) => {
    if (sorting === undefined) return undefined;
    return sorting.sort.field !== field ? 'none' : sorting.sort.down ? 'descending' : 'ascending';
  };
  return (
    <div role="rowgroup" className={classes.headGroup}>
      <div role="row" aria-rowindex={1} className={classes.head}>
        <span role="columnheader" className={classes.checkCell}>
          <span className="mh-live">{t('Selected')}</span>
        </span>
        <span role="columnheader" aria-sort={ariaSort('name')} className={classes.nameCell}>
          <SortButton field="name" label={t('Name')} sorting={sorting} />
        </span>
        <span role="columnheader" aria-sort={ariaSort('size')} className={classes.sizeCell}>
          <SortButton field="size" label={t('Size')} sorting={sorting} />
        </span>
        <span role="columnheader" aria-sort={ariaSort('time')} className={classes.timeCell}>
          <SortButton field="time" label={timeLabel} sorting={sorting} />
        </span>
        <span role="columnheader" className={classes.moreCell}>
          <span className="mh-live">{t('Actions')}</span>
        </span>
      </div>
    </div>
  );
}

function steps(key: string, page: number, count: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return 1;
    case 'ArrowUp':
      return -1;
    case 'PageDown':
      return page;
    case 'PageUp':
      return -page;
    case 'Home':
      return -count;
    case 'End':
      return count;
    default:
      return null;
  }
}

function useKeys<R extends AnyRow>(props: FileTableProps<R>, activeRow: R | undefined, pageRows: () => number) {
  const { keys, selection, setSelection, commands } = props;
  const command = (event: KeyboardEvent): boolean => {
    if (event.key === 'Enter' && activeRow) commands.open(activeRow);
    else if (event.key === 'F2' && activeRow) commands.rename?.(activeRow);
    else if (event.key === 'Delete') commands.remove();
    else if (event.key === 'Backspace') commands.up?.();
    else if (event.key === ' ' && activeRow) setSelection(toggle(selection, activeRow.key));
    else if (event.key === 'Escape') setSelection(clear(selection));
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) setSelection(selectAll(selection, keys));
    else if ((event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) && activeRow) {
      const box = document.querySelector('[role=row][data-active=true]')?.getBoundingClientRect();
      commands.menu(activeRow, (box?.left ?? 0) + 48, box?.bottom ?? 0);
    } else return false;
    return true;
  };
  return (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLButtonElement || event.altKey) return;
    const by = steps(event.key, pageRows(), keys.length);
    if (by !== null) setSelection(step(selection, keys, by, event.shiftKey));
    else if (!command(event)) return;
    event.preventDefault();
  };
}

/** The rows of a folder: 100,000 of them are as quick as ten, because only those in sight are drawn. */
export function FileTable<R extends AnyRow>(props: FileTableProps<R>) {
  const { vault, label, rows, keys, selection, setSelection, sorting, timeLabel, commands, complete, onEnd, ref } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const narrow = useMediaQuery('(max-width: 48em)');
  const height = narrow ? 60 : 46;
  const places = useMemo(() => new Map(keys.map((key, index) => [key, index])), [keys]);
  const activeIndex = selection.active === null ? -1 : (places.get(selection.active) ?? -1);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: HEAD,
    scrollPaddingStart: HEAD,
    getItemKey: (index) => keys[index] ?? index,
    rangeExtractor: (range) => {
      const inSight = defaultRangeExtractor(range);
      return activeIndex < 0 || inSight.includes(activeIndex) ? inSight : [...inSight, activeIndex].sort((a, b) => a - b);
    },
  });

  const shown = virtualizer.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastShown >= rows.length - 1) onEnd?.();
  }, [lastShown, rows.length, onEnd]);
  useEffect(() => virtualizer.measure(), [virtualizer, height]);
  useEffect(() => {
    if (activeIndex >= 0) virtualizer.scrollToIndex(activeIndex, { align: 'auto' });
    // the list must not jump when rows come or go: only when the person moves
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [selection.active]);
  useImperativeHandle(ref, () => ({ focus: () => scroller.current?.focus({ preventScroll: true }) }), []);

  const latest = useRef({ keys, selection, commands, rows });
  useEffect(() => {
    latest.current = { keys, selection, commands, rows };
  });
  const focusTable = useCallback(() => scroller.current?.focus({ preventScroll: true }), []);
  const handlers = useMemo<RowHandlers>(
    () => ({
      open: (row) => {
        setSelection(selectOne(row.key));
        latest.current.commands.open(row as R); // one of the rows
      },
      select(row, event) {
        const now = latest.current;
        if (event.shiftKey) setSelection(extend(now.selection, now.keys, row.key));
        else if (event.ctrlKey || event.metaKey) setSelection(toggle(now.selection, row.key));
        else setSelection(selectOne(row.key));
        focusTable();
      },
      toggle: (row) => {
        setSelection(toggle(latest.current.selection, row.key));
        focusTable();
      },
      menu: (row, x, y) => {
        if (!latest.current.selection.selected.has(row.key)) setSelection(selectOne(row.key));
        latest.current.commands.menu(row as R, x, y);
      },
      dragPaths: (row) => {
        const { selected } = latest.current.selection;
        if (!selected.has(row.key)) return [row.path];
        return latest.current.rows.filter(({ key }) => selected.has(key)).map(({ path }) => path);
      },
    }),
    [setSelection, focusTable],
  );
  const pageRows = (): number => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / height) - 2);
  const onKeyDown = useKeys(props, rows[activeIndex], pageRows);

  return (
    <div
      ref={scroller}
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-busy={!complete}
      aria-multiselectable
      aria-rowcount={rows.length + 1}
      aria-activedescendant={activeIndex >= 0 ? rowId(activeIndex) : undefined}
      className={classes.table}
      onKeyDown={onKeyDown}
      onFocus={(event) => {
        const first = keys[0] ?? null;
        if (event.target === scroller.current)
          setSelection((now) => (now.active === null ? { ...now, active: first, anchor: first } : now));
      }}
    >
      <Head sorting={sorting} timeLabel={timeLabel} />
      <div role="rowgroup" className={classes.body} style={{ height: virtualizer.getTotalSize() }}>
        {shown.map(({ index, start, key }) => {
          const row = rows[index];
          return row === undefined ? null : (
            <FileTableRow
              key={key}
              vault={vault}
              row={row}
              index={index}
              selected={selection.selected.has(row.key)}
              active={index === activeIndex}
              style={{ height, transform: `translateY(${start - HEAD}px)` }}
              handlers={handlers}
            />
          );
        })}
      </div>
    </div>
  );
}
