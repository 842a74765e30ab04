// SPDX-License-Identifier: GPL-3.0-or-later
import { Conflict } from './conflict';
import { NewFolderDialog, RenameDialog } from './name-dialogs';
import { PlaceDialog } from './place-dialog';
import { Preview } from './preview';
import type { FileRow, Row } from './rows';
import { Versions } from './versions';
import { Where } from './where';

export type Overlay =
  | { what: 'preview' | 'versions' | 'conflict' | 'where'; row: FileRow }
  | { what: 'rename'; row: Row }
  | { what: 'move' | 'copy'; rows: Row[] }
  | { what: 'folder' };

interface OverlaysProps {
  vaultId: string;
  vaultName: string;
  folder: string;
  rows: Row[];
  overlay: Overlay | null;
  setOverlay: (next: Overlay | null) => void;
  download: (row: FileRow) => void;
  onShow: (row: FileRow) => void;
  /** Gets the key of the row under its new name. */
  onRenamed: (key: string) => void;
}

/** What lies above the list at the moment. */
export function Overlays(props: OverlaysProps) {
  const { vaultId: vault, vaultName, folder, rows, overlay, setOverlay, download, onShow, onRenamed } = props;
  const close = (): void => setOverlay(null);
  switch (overlay?.what) {
    case undefined:
      return null;
    case 'preview':
      return (
        <Preview
          vault={vault}
          row={overlay.row}
          files={rows.filter((row) => row.kind === 'file')}
          show={(row) => {
            onShow(row);
            setOverlay({ what: 'preview', row });
          }}
          versions={(row) => setOverlay({ what: 'versions', row })}
          resolve={(row) => setOverlay({ what: 'conflict', row })}
          where={(row) => setOverlay({ what: 'where', row })}
          {...{ download, close }}
        />
      );
    case 'versions':
      return (
        <Versions
          vault={vault}
          path={overlay.row.path}
          name={overlay.row.name}
          resolve={() => setOverlay({ what: 'conflict', row: overlay.row })}
          close={close}
        />
      );
    case 'conflict':
      return <Conflict vault={vault} path={overlay.row.path} name={overlay.row.name} close={close} />;
    case 'where':
      return <Where vault={vault} file={overlay.row.file} close={close} />;
    case 'rename':
      return <RenameDialog vault={vault} row={overlay.row} onRenamed={onRenamed} close={close} />;
    case 'move':
    case 'copy':
      return <PlaceDialog kind={overlay.what} vault={vault} vaultName={vaultName} rows={overlay.rows} start={folder} close={close} />;
    case 'folder':
      return <NewFolderDialog vault={vault} folder={folder} close={close} />;
  }
}
