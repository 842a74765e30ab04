// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useRef, useState } from 'react';
import { Burger, Drawer } from '@mantine/core';
import { ErrorBoundary } from '../components/error-boundary';
import { t } from '../lib/i18n';
import { useRoute, type Route } from '../lib/router';
import { useLive } from '../live/use-live';
import { AnalyticsPage } from '../pages/analytics/analytics-page';
import { AuditPage } from '../pages/audit/audit-page';
import { FilesPage } from '../pages/files/files-page';
import { KeepingPage } from '../pages/keeping/keeping-page';
import { MachinePage } from '../pages/machines/machine-page';
import { MachinesPage } from '../pages/machines/machines-page';
import { MissingPage } from '../pages/missing-page';
import { StoragePage } from '../pages/storage/storage-page';
import { SystemPage } from '../pages/system/system-page';
import { TransfersPage } from '../pages/transfers/transfers-page';
import { TrashPage } from '../pages/trash/trash-page';
import { VaultsPage } from '../pages/vaults/vaults-page';
import { WithVault } from '../pages/vaults/with-vault';
import { UploadPanel } from '../uploads/upload-panel';
import { HeldBanner } from './held-banner';
import { Brand, Navigation } from './navigation';
import { OfflineBanner } from './offline-banner';
import { ShortageBanner } from './shortage-banner';
import classes from './shell.module.css';

function PageOf({ route }: { route: Route }) {
  switch (route.page) {
    case 'vaults':
      return <VaultsPage />;
    case 'files':
      return <WithVault key={route.vault} id={route.vault}>{(vault) => <FilesPage vault={vault} folder={route.folder} />}</WithVault>;
    case 'trash':
      return <WithVault key={route.vault} id={route.vault}>{(vault) => <TrashPage vault={vault} />}</WithVault>;
    case 'analytics':
      return <WithVault key={route.vault} id={route.vault}>{(vault) => <AnalyticsPage vault={vault} />}</WithVault>;
    case 'keeping':
      return <WithVault key={route.vault} id={route.vault}>{(vault) => <KeepingPage vault={vault} />}</WithVault>;
    case 'transfers':
      return <TransfersPage />;
    case 'storage':
      return <StoragePage />;
    case 'machines':
      return <MachinesPage />;
    case 'machine':
      return <MachinePage key={route.node} id={route.node} />;
    case 'system':
      return <SystemPage />;
    case 'audit':
      return <AuditPage />;
    case 'missing':
      return <MissingPage />;
  }
}

/** What stands around every page: navigation, the banner when the daemon is away, and the uploads. */
export function Shell() {
  const route = useRoute();
  const retry = useLive();
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const place = JSON.stringify(route);

  useEffect(() => setOpen(false), [place]);

  return (
    <div className={classes.shell}>
      <button type="button" className={classes.skip} onClick={() => main.current?.focus()}>
        {t('Skip to the content')}
      </button>
      <div role="region" aria-label={t('Top bar')} className={classes.bar}>
        <Burger
          opened={open}
          onClick={() => setOpen(true)}
          size="sm"
          aria-label={t('Open the menu')}
          aria-expanded={open}
        />
        <Brand />
      </div>
      <aside className={classes.side} aria-label={t('Sidebar')}>
        <Brand />
        <Navigation route={route} />
      </aside>
      <Drawer
        opened={open}
        onClose={() => setOpen(false)}
        size={280}
        lockScroll={false}
        title={<Brand />}
        closeButtonProps={{ 'aria-label': t('Close') }}
        classNames={{ body: classes.drawer }}
      >
        <Navigation route={route} />
      </Drawer>
      <main ref={main} tabIndex={-1} className={classes.main}>
        <OfflineBanner retry={retry} />
        <ShortageBanner />
        <HeldBanner />
        <div className={classes.content}>
          <ErrorBoundary key={route.page}>
            <PageOf route={route} />
          </ErrorBoundary>
        </div>
      </main>
      <UploadPanel />
    </div>
  );
}
