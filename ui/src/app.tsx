// SPDX-License-Identifier: GPL-3.0-or-later
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { ApiError } from './api/client';
import { ErrorBoundary } from './components/error-boundary';
import { language } from './lib/i18n';
import { useStore } from './lib/store';
import { Gate } from './shell/gate';
import { cssVariables, theme } from './theme';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      networkMode: 'always',
      retry: (count, error) => count < 2 && error instanceof ApiError && error.status === 0,
    },
    mutations: { networkMode: 'always' },
  },
});

/** The whole page. The stylesheet of the theme is static, so nothing here injects a <style> element. */
export function App({ ticket }: { ticket: string | null }) {
  const shown = useStore(language);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      withCssVariables={false}
      withStaticClasses={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={client}>
        <ErrorBoundary key={shown}>
          <Notifications position="bottom-center" limit={4} autoClose={8000} containerWidth={420} />
          <Gate ticket={ticket} />
        </ErrorBoundary>
      </QueryClientProvider>
    </MantineProvider>
  );
}
